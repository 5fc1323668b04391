"""How many processors there are for us, and how busy the machine is at this very moment."""

import os
from pathlib import Path

_LOAD = Path("/proc/loadavg")  # "0.20 0.18 0.12 2/80 11206": two threads of eighty run or want to
_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "150000 100000": microseconds in each period of so many; "max": all


def ours() -> int:
    """How many this process may use at once, and a part of one counts as one: a container or a unit may have fewer than the
    machine."""
    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = map(int, _QUOTA.read_text().split())
        return max(1, min(may, -(-quota // period)))
    except (OSError, ValueError, ZeroDivisionError):  # there is none
        return may


def crowded(beside: int = 0) -> bool:
    """Whether more threads want a processor than there are; ``beside``: of those that the asker keeps busy. True where the system
    does not say."""
    try:
        running = int(_LOAD.read_text().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return True
    return running - beside > (os.cpu_count() or 1)
