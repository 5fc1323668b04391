"""Linux's own figures of processes: what they are, what they hold, what they have used."""

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import text

from models.database import Database

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it and still run."""
    found = [pid]
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())  # a child belongs to the thread that made it
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return found
    for child in children:
        found += tree(child)
    return found


def server(database: Database) -> list[int]:
    """PostgreSQL's processes, where they run on this machine; none for SQLite."""
    if database.is_sqlite:
        return []
    with database.read() as session:
        own: int = session.scalars(text("SELECT pg_backend_pid()")).one()
    stat = Path(f"/proc/{own}/stat")
    return tree(int(stat.read_text().rpartition(")")[2].split()[1])) if stat.exists() else []


def arguments(pid: int) -> list[str]:
    """None where it has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").strip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def name(pid: int) -> str:
    """What to call a process: the end of its command line."""
    return " ".join(arguments(pid)[-3:])


def pss(pid: int) -> float:
    """Proportional set size in MB: memory that several share is counted once among them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) / 1024


def descriptors(pid: int) -> int:
    """How many files and sockets it has open; 0 where it has just ended."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def processor(pids: Iterable[int | str], ended: bool = False) -> float:
    """Seconds of processor time that these processes have used so far, with all of their threads; those that run, and where
    wanted the children of each that have ended."""
    used, until = 0, 15 if ended else 13  # utime and stime; the same of children
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        used += sum(map(int, fields[11:until]))
    return used / TICK


def holds(pids: Iterable[int], files: Iterable[Path]) -> bool:
    """Whether one of them holds the lock (flock) of one of these files."""
    inodes = {str(file.stat().st_ino) for file in files if file.exists()}
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]  # who waits for one has an arrow
    holders = {int(lock[4]) for lock in locks if lock[1] == "FLOCK" and lock[5].rpartition(":")[2] in inodes}
    return bool(holders & set(pids))


def measures() -> None:
    """This process goes before what it measures, where it may: who waits for a processor measures itself."""
    with contextlib.suppress(PermissionError):
        os.nice(-5)
