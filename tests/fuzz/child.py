"""The process that atheris takes over: ``python -m tests.fuzz.child TARGET CORPUS OPTIONS...``; ``runner`` starts it."""

import logging
import sys

import atheris
import structlog

PACKAGES = ("callbacks", "dialers", "lib", "outcomes")  # imported here first: what is there already is not watched

with atheris.instrument_imports(include=list(PACKAGES)):
    from tests.fuzz import seeds, targets
    from tests.fuzz.mutations import mutator


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    name, *arguments = sys.argv[1:]
    target = targets.TARGETS[name]
    mutate = mutator(seeds.names(target.dialer)) if target.dialer else None
    atheris.Setup([sys.argv[0], *arguments], target.run, custom_mutator=mutate, internal_libfuzzer=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
