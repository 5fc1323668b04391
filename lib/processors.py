"""How many processors there are for us, and how busy the machine is at this very moment."""

import os
from math import inf
from pathlib import Path

_LOAD = Path("/proc/loadavg")  # "0.20 0.18 0.12 2/80 11206": two threads of eighty run or want to
_PRESSURE = Path("/proc/pressure/cpu")  # "some avg10=0.00 avg60=1.52 avg300=1.10 total=24": percent of so many seconds
_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")  # "0::/system.slice/wrapup.service"; in a container mostly "0::/"
_QUOTA = "cpu.max"  # "150000 100000": microseconds in each period of so many; "max": all


def ours() -> int:
    """How many this process may use at once, and a part of one counts as one: a container or a unit may have fewer than the
    machine."""
    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(max(1, min(may, _quota())))


def _quota() -> float:
    """The least of our group's and of those that it is in: a unit's, and its slice's."""
    try:
        own = next(line[3:] for line in _OWN_GROUP.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        own = "/"
    group = _GROUPS / own.lstrip("/")
    return min(_quota_of(one) for one in (group, *group.parents) if one.is_relative_to(_GROUPS))


def _quota_of(group: Path) -> float:
    try:
        quota, period = map(int, (group / _QUOTA).read_text().split())
        return -(-quota // period)
    except (OSError, ValueError, ZeroDivisionError):  # there is none
        return inf


def waited() -> float | None:
    """In which part of the last minute somebody in this container, or on this machine, waited for a processor; who has used up
    a quota waits, too. None where the system does not say."""
    for file in (_GROUPS / "cpu.pressure", _PRESSURE):
        try:
            return float(dict(word.split("=") for word in file.read_text().split()[1:5])["avg60"]) / 100
        except (OSError, ValueError, KeyError):
            continue
    return None


def crowded(beside: int = 0) -> bool:
    """Whether more threads want a processor than there are; ``beside``: of those that the asker keeps busy. True where the system
    does not say."""
    try:
        running = int(_LOAD.read_text().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return True
    return running - beside > (os.cpu_count() or 1)
