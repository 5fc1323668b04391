"""Processes of ours that run a module of ours, wherever they are started."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]  # of our code


def python_path() -> str:
    """PYTHONPATH, with our code before all else."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))


def environment() -> dict[str, str]:
    """Of a child that needs our code and none of our settings, which hold secrets."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    return ours | {"PYTHONPATH": python_path()}
