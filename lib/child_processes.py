"""Processes of ours that run a module of ours, wherever they are started."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]  # of our code


def python_path() -> str:
    """PYTHONPATH, with our code before all else."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))


def environment() -> dict[str, str]:
    """Of a child that needs our code and none of our settings, which hold secrets."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    return ours | {"PYTHONPATH": python_path()}


def start(module: str, *more: str) -> subprocess.Popen[bytes]:
    """Start a module of ours with our settings; its first argument is our process id, by which it sees that we are gone."""
    environ = os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": python_path()}
    return subprocess.Popen([sys.executable, "-P", "-m", module, str(os.getpid()), *more], env=environ)


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Have it end, by force where it has not in so many seconds."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
