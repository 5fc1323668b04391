"""What ``serve`` does before its worker starts: whether anybody can read what it prints decides nothing."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

WRAPUP = str(Path(sys.executable).parent / "wrapup")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("> /dev/full", "No space left on device"),
        ("", "Broken pipe"),  # whoever read it has gone
        (">&-", "closed before the start"),  # closed, as some that start services leave it
    ],
)
def test_it_succeeds_where_nothing_can_be_printed(where, said, commands, tmp_path):
    environ = os.environ | {"WRAPUP_DATA_DIR": str(tmp_path / "data")}
    gone, ours = os.pipe()
    os.close(gone)
    command = f"exec {shlex.quote(WRAPUP)} prepare {where}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environ, stdout=ours, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(ours)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["event"] == "not_printed" and said in line
    again = commands.run("prepare", cwd=tmp_path, env=environ)
    assert again.stdout.startswith("Dashboard: ") and "Admin key" not in again.stdout, again
