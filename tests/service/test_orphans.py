"""Who has no parent any more is seen off by the supervisor, where it is the first process of a container."""

import subprocess
import sys

import pytest

from lib import child_processes

# As the first process would: whoever has lost its parent is given to this one.
FIRST = """
import ctypes, subprocess, sys
from pathlib import Path
from rig.waiting import until
from service.supervisor.children import reap

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
own = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
parent = "import subprocess; print(subprocess.Popen(['sleep', '0.2'], stdout=subprocess.DEVNULL).pid)"
orphan = Path("/proc", subprocess.check_output([sys.executable, "-c", parent], text=True).strip())
until(lambda: Path(f"/proc/{own.pid}/stat").read_text().split()[2] == "Z", 30)
until(lambda: (orphan / "stat").read_text().split()[2] == "Z", 30)
reap({own.pid})
print(own.wait())
reap(set())
print(orphan.exists())
reap(set())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is not the first process")
def test_who_has_lost_its_parent_is_seen_off_and_whoever_is_waited_for_is_not():
    done = subprocess.run(
        [sys.executable, "-P", "-c", FIRST],
        env=child_processes.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["3", "False"], done.stderr
