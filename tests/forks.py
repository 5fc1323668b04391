"""Processes that a test forks, and may kill."""

import os


def forked(work) -> int:
    """A process that does the work, and ends with 0 where that raises nothing: its id."""
    process = os.fork()
    if not process:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return process


def end_of(process: int) -> int:
    """The code with which it ended."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
