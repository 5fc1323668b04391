"""The mirror in a running Wrapup: followed by a process of the worker's, asked by one of the reader's, and gone without harm."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import requests

from queries.mirror import behind
from queries.mirror import manifest as manifests
from queries.sources import ALWAYS
from rig.waiting import until
from service.mirroring import Mirroring
from service.prepare import OURS
from tests import factories
from tests.evidence import terminal
from tests.server import serving, toml

pytestmark = pytest.mark.slow


def test_it_is_followed_asked_lost_and_made_again(tmp_path):
    with serving(tmp_path, WRAPUP_MIRROR="always") as served:
        folder = tmp_path / "data" / "mirror"

        def post(*numbers: int) -> None:
            for number in numbers:
                body = json.dumps(terminal(call_id=number, log_id=number))
                assert requests.post(served.callback("terminal"), data=body, timeout=60).status_code == 200

        def counted(source: str, attempts: int):
            """Whether that is the answer, and by whom it is given; figures are right whoever is asked."""
            told = served.get("/api/v1/reports/attempts?group_by=day&tz=Asia/Kolkata").json()
            assert sum(row["attempts"] for row in told["rows"]) == told["totals"]["attempts"]
            return told["source"] == source and told["totals"]["attempts"] == attempts

        post(1, 2, 3)
        until(lambda: counted("mirror", 3), 60)
        post(4)
        until(lambda: counted("mirror", 4), 60)  # long before the next segment: laid over it
        summary = served.get("/api/v1/reports/summary").json()
        assert (summary["source"], summary["totals"]["calls"]) == ("mirror", 4)

        names = ("service.supervisor.reader", "service.passage.receiver", "service.worker")
        for name in names:  # none of them holds the library
            maps = served.read(name, "maps")
            assert maps
            assert not any("duckdb" in one for one in maps)

        (asking,) = served.pids("queries.mirror.process")
        os.kill(asking, signal.SIGKILL)
        (following,) = served.pids("service.mirroring")
        os.kill(following, signal.SIGKILL)
        shutil.rmtree(folder)
        assert counted("tables", 4)
        post(5)
        until(lambda: counted("mirror", 5), 120)
        shutil.rmtree(folder)  # while it is followed
        post(6)
        until(lambda: (folder / "manifest.json").exists() and counted("mirror", 6), 60)
        log = (tmp_path / "err").read_text()
        assert "mirror_died" in log and "mirror_built" in log
        assert "exception" not in log.casefold() and "Traceback" not in log
        ours = served.pids("mirror")
        assert len(ours) == 2
    assert all(path.name.startswith(OURS) for path in (tmp_path / "data").iterdir())
    until(lambda: not any(Path(f"/proc/{one}").exists() for one in ours), 10)


def test_it_is_followed_while_there_is_something_to_follow_and_not_for_longer(
    database, database_url, tmp_path, monkeypatch
):
    for name in [name for name in os.environ if name.startswith("WRAPUP_")]:
        monkeypatch.delenv(name)
    (tmp_path / "wrapup.toml").write_text(
        "[connections.ryng-main]\n" + toml({"dialer": "ryng", "callback_tokens": ["t" * 32]})
    )
    monkeypatch.setenv("WRAPUP_CONFIG", str(tmp_path / "wrapup.toml"))
    monkeypatch.setenv("WRAPUP_DATABASE_URL", database_url)
    monkeypatch.setenv("WRAPUP_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(behind, "FEW", 2)
    folder, died = tmp_path / "mirror", []
    mirroring = Mirroring(database, folder, ALWAYS, 0, lambda: died.append("it"), rest=0.5)

    def rows() -> int:
        found = manifests.load(folder)
        return found.rows() if found and found.built else -1

    def follows() -> bool:
        mirroring.step()
        return mirroring._process is not None

    def add() -> None:
        with database.write() as session:
            factories.outcome(session)

    try:
        add()
        assert follows()
        until(lambda: not follows(), 60)
        assert rows() == 1
        add()
        assert not follows()  # one waits
        add()
        assert follows()
        until(lambda: not follows(), 60)
        assert rows() == 3
    finally:
        mirroring.close()
    assert died == []
