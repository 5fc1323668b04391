"""A load outlives its senders: killed with -9 three times on the way, every lead is taken once.

``WRAPUP_TEST_LEADS`` says how many leads; 10,000 take some minutes.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from leads import loads
from leads.loading import Loading
from models.database import Database
from rig.waiting import until
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice
from tests.server import ROOT, toml

LEADS = int(os.environ.get("WRAPUP_TEST_LEADS") or 200)
KILLS = 3
SECONDS = 60 + LEADS / 20

pytestmark = pytest.mark.slow


@contextmanager
def worker(folder: Path, environ: dict):
    with open(folder / "worker.log", "ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "service.worker"], cwd=ROOT, env=environ, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize(
    ("database_url", "stage", "most_in_doubt"),
    [("sqlite", qvoice, KILLS), ("postgresql", jaicp, 0)],
    indirect=["database_url"],
)
def test_every_lead_is_taken_once_however_often_the_sender_is_killed(database_url, stage, most_in_doubt, tmp_path):
    database = Database(database_url)
    with stage() as played:
        connection = played.connection
        rows = enumerate(({"number": f"+1213{number:07d}"} for number in range(LEADS)), 1)
        loading = Loading(connection, played.campaign, rows)
        load_id = loading.keep(database)

        table = {"dialer": connection.dialer, **connection.settings, "timeout_seconds": 1}
        (tmp_path / "wrapup.toml").write_text(f"[connections.{connection.name}]\n" + toml(table))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
        environ |= {"WRAPUP_CONFIG": str(tmp_path / "wrapup.toml"), "WRAPUP_DATABASE_URL": database_url}
        environ |= {"WRAPUP_DATA_DIR": str(tmp_path)}

        def counts() -> dict:
            with database.read() as session:
                return loads.counts(session, load_id)

        for kill in range(1, KILLS + 1):
            with worker(tmp_path, environ) as process:
                wanted = LEADS * kill // (KILLS + 1)
                until(lambda wanted=wanted: len(played.taken()) >= wanted, SECONDS, counts)
                os.kill(process.pid, signal.SIGKILL)
        with worker(tmp_path, environ):
            until(lambda: counts()["pending"] == 0, SECONDS, counts)

        found, taken = counts(), Counter(played.taken())
        assert (len(taken), taken.most_common(1)[0][1]) in {(LEADS - lost, 1) for lost in range(most_in_doubt + 1)}
        assert found["unknown"] <= most_in_doubt and found["rejected"] == 0
        assert found["accepted"] + found["unknown"] == LEADS
        assert len(taken) >= found["accepted"]
        print(f"{LEADS} leads, {KILLS} kills: {found}")
    database.close()
