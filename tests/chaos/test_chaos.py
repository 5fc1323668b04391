"""The short chaos: two runs with more than fifty faults together. `make chaos` is the long one."""

import signal
import subprocess
import sys

import pytest

from tests.chaos.__main__ import BALANCES, VOID
from tests.server import ROOT

pytestmark = pytest.mark.slow

FAULTS = 28
MINUTES = 0.22
LONGEST_SECONDS = 400  # of which most is waiting for rest, where there is none


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_lost_and_nothing_doubled_whatever_strikes(tmp_path, kind):
    code = chaos(tmp_path / "first", kind)
    if code == VOID:
        code = chaos(tmp_path / "second", kind)
    if code == VOID:
        pytest.skip("Void twice: the ledgers balance, but the sender fell behind on a machine this busy.")
    assert code == BALANCES, "the ledger and the seed are printed above; the log lies in the folder"


def chaos(folder, kind: str) -> int:
    """The exit code of one run in a process of its own, whose ledger is printed."""
    command = [sys.executable, "-m", "tests.chaos", "--short", "--database", kind, "--folder", str(folder)]
    command += ["--minutes", str(MINUTES), "--faults", str(FAULTS), "--rate", "30"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)  # it undoes its faults and its disks
            return process.wait(60)
