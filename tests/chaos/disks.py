"""Small disks of our own that can be filled: a tmpfs over a folder. Needs the right to mount, and cleans up after itself."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

ROOMY = "50%"  # of the memory, as a limit: a tmpfs takes what its files take


@contextmanager
def disk(folder: Path, size: str = ROOMY):
    """A disk of its own at the folder until the end of the block. Yields it; None where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    if _run("mount", "-t", "tmpfs", "-o", "size=" + size, "chaos", str(folder)):
        try:
            yield folder
        finally:
            _run("umount", "--lazy", str(folder))
    else:
        yield None


@contextmanager
def full(folder: Path, spare: int = 0):
    """The disk at the folder is full, to the last page, until the end of the block; or so many bytes before."""
    # Not by a file that takes the room: that costs as much memory, and time, as the disk is large.
    end = time.monotonic() + 5
    while not _shrunk(folder, spare):  # somebody wrote between looking and shrinking
        if time.monotonic() > end:
            raise RuntimeError(f"{folder} cannot be made full")
    try:
        yield
    finally:
        if not _run("mount", "-o", "remount,size=" + ROOMY, str(folder)):
            raise RuntimeError(f"{folder} stays full")


@contextmanager
def unchangeable(file: Path):
    """The file can be opened for reading only, by root as well. Whoever has it open already can go on writing."""
    if not _run("chattr", "+i", str(file)):
        raise RuntimeError(f"{file} cannot be made unchangeable")
    try:
        yield
    finally:
        _run("chattr", "-i", str(file))


def can_make_unchangeable(folder: Path) -> bool:
    probe = folder / "probe"
    probe.touch()
    able = _run("chattr", "+i", str(probe)) and _run("chattr", "-i", str(probe))
    probe.unlink()
    return able


def _shrunk(folder: Path, spare: int) -> bool:
    listed = subprocess.run(
        ["df", "--block-size=1", "--output=used", folder], capture_output=True, check=True, text=True
    )
    used = max(int(listed.stdout.split()[-1]) + spare, 4096)  # 0 would mean no limit
    return _run("mount", "-o", f"remount,size={used}", str(folder))


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
