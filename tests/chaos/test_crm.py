"""Outcomes on their way into CRMs while everything fails, in short. `make chaos` is the long one; what answers do to each kind of
CRM, without kills, is in ``tests/crm/test_every_kind.py``."""

import signal
import subprocess
import sys

import pytest

from rig.patience import stretched
from tests.server import ROOT
from tests.thoroughly import THOROUGH

pytestmark = pytest.mark.slow

SHORT = ["--short", "--outcomes", "160", "--minutes", "0.42", "--pace", "1.5", "--pause", "8"]
SHORTER = [
    "--short",
    "--outcomes",
    "90",
    "--minutes",
    "0.25",
    "--pace",
    "1.5",
    "--pause",
    "5",
]  # of each further kind of CRM
LONGEST_SECONDS = 200


@pytest.mark.parametrize(
    ("kind", "crm"),
    [
        ("postgresql", "hubspot"),
        ("sqlite", "hubspot"),
        *(("sqlite", name) for name in ("pipedrive", "bitrix24", "salesforce", "zoho") if THOROUGH),
    ],
)
def test_each_call_stands_there_once_whatever_strikes(tmp_path, kind, crm):
    command = [sys.executable, "-m", "tests.chaos.crm", "--database", kind, "--crm", crm]
    command += ["--folder", str(tmp_path / "run"), *(SHORT if crm == "hubspot" else SHORTER)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            code = process.wait(stretched(LONGEST_SECONDS))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)  # it ends its workers and its server
            code = process.wait(60)
    assert code == 0, "the ledger and the seed are printed above; the log lies in the folder"
