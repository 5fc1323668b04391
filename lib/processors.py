"""How busy this machine is, at this very moment."""

import os
from pathlib import Path

_LOAD = Path("/proc/loadavg")  # "0.20 0.18 0.12 2/80 11206": two threads of eighty run or want to


def crowded(beside: int = 0) -> bool:
    """Whether more threads want a processor than there are; ``beside``: of those that the asker keeps busy. True where the system
    does not say."""
    try:
        running = int(_LOAD.read_text().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return True
    return running - beside > (os.cpu_count() or 1)
