"""What ``serve`` does before its worker starts: whether anybody can read what it prints decides nothing."""

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
        (">&-", None),  # closed, as some that start services leave it
    ],
)
def test_it_succeeds_where_nothing_can_be_printed(where, said, tmp_path):
    environ = os.environ | {"WRAPUP_DATA_DIR": str(tmp_path / "data")}
    gone, ours = os.pipe()
    os.close(gone)
    line = f"exec {shlex.quote(WRAPUP)} prepare {where}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, env=environ, stdout=ours, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert ("not_printed" in done.stderr, "Traceback" in done.stderr) == (said is not None, False), done.stderr
    assert said is None or said in done.stderr
    again = subprocess.run([WRAPUP, "prepare"], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert again.stdout.startswith("Dashboard: ") and "Admin key" not in again.stdout, again
