"""The process that atheris takes over: ``python -m tests.fuzz.child TARGET CORPUS OPTIONS...``; ``runner`` starts it.

Without arguments it reads jobs, ``{"arguments": [...], "output": PATH}``, one a line, and gives each to a fork of itself: to
import everything so that it is watched takes it five seconds. After each it writes the fork's code.
"""

import json
import logging
import os
import sys

import atheris
import structlog

PACKAGES = ("callbacks", "dialers", "lib", "outcomes")  # imported here first: what is there already is not watched

with atheris.instrument_imports(include=list(PACKAGES)):
    from tests.fuzz import seeds, targets
    from tests.fuzz.mutations import mutator


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if sys.argv[1:]:
        _fuzz(*sys.argv[1:])
        return
    for line in sys.stdin:
        job = json.loads(line)
        process = os.fork()
        if not process:
            output = os.open(job["output"], os.O_WRONLY | os.O_CREAT)
            os.dup2(output, 1)
            os.dup2(output, 2)
            _fuzz(*job["arguments"])  # it ends the process
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def _fuzz(name: str, *arguments: str) -> None:
    target = targets.TARGETS[name]
    mutate = mutator(seeds.names(target.dialer)) if target.dialer else None
    atheris.Setup([sys.argv[0], *arguments], target.run, custom_mutator=mutate, internal_libfuzzer=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
