"""Others on the machine: processes that only compute, one for each processor, with the priority that they are started with."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# Ends with whoever started it, however that one ends.
LOOP = "import os, sys\nwhile os.getppid() == int(sys.argv[1]):\n    sum(range(100_000))"


@contextmanager
def crowd() -> Iterator[int]:
    """They compute until the end of the block; gives how many there are."""
    with ExitStack() as running:
        count = len(os.sched_getaffinity(0))
        for _ in range(count):
            loop = subprocess.Popen([sys.executable, "-c", LOOP, str(os.getpid())])
            running.callback(loop.wait)
            running.callback(loop.kill)
        yield count
