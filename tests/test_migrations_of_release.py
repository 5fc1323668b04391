"""Migrations fit the release that is running while they are done: an update migrates first, and what runs goes on.

Until the new release has taken over, the old one receives, reads and shows on the new schema: a receiver of another host, a
pod that has yet to be replaced, whoever goes back. And its supervisor starts the new one's processes when it is told to reload.
"""

import io
import signal
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, inspect, select, text

import migrations
from models import CallOutcome
from models.database import Database
from rig.waiting import until
from tests.conftest import empty_database
from tests.server import Served, serving

ROOT = Path(__file__).parent.parent
# The last release: its newest migration, and the last commit that was it. Both move when a release is cut.
REVISION = "0019"
COMMIT = "fdc1a82f95f27a9bc6785e6b90b06e94e09d7210"


def shape(url: str) -> dict:
    """Table -> its columns (type, may be left out, may be null), and which columns together are unique."""
    engine = create_engine(url)
    found = {}
    seen = inspect(engine)
    for table in seen.get_table_names():
        columns = {
            one["name"]: (str(one["type"]), one["nullable"] or one["default"] is not None, one["nullable"])
            for one in seen.get_columns(table)
        }
        alone = {frozenset(one["column_names"]) for one in seen.get_unique_constraints(table)}
        alone |= {frozenset(one["column_names"]) for one in seen.get_indexes(table) if one["unique"]}
        alone.add(frozenset(seen.get_pk_constraint(table)["constrained_columns"]))
        found[table] = (columns, alone)
    if engine.dialect.name == "postgresql":
        # A table in parts has an index that is unique in each, where the key of the parts is not in it.
        with engine.connect() as connection:
            inherit = connection.execute(
                text("SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits")
            )
            parts = [(whole, part) for whole, part in inherit if whole in found and part in found]
        for table in {whole for whole, _ in parts}:
            found[table][1].update(set.intersection(*(found[part][1] for whole, part in parts if whole == table)))
    engine.dispose()
    return found


def test_what_the_last_release_reads_and_writes_is_there_and_takes_what_it_writes(untouched):
    url = untouched.url
    migrations.upgrade(untouched, REVISION)
    before = shape(url)
    migrations.upgrade(untouched)
    after = shape(url)
    said = []
    for table, (columns, alone) in before.items():
        if table not in after:
            said.append(f"{table} is gone")
            continue
        now, alone_now = after[table]
        for name, (kind, may_lack, may_be_null) in columns.items():
            if name not in now:
                said.append(f"{table}.{name} is gone")
            elif now[name][0] != kind:
                said.append(f"{table}.{name} was {kind}, and is {now[name][0]}")
            elif (may_lack and not now[name][1]) or (may_be_null and not now[name][2]):
                said.append(f"{table}.{name} must be given now")
        said += [
            f"{table}.{name} is new, and must be given"
            for name, (_, may_lack, _) in now.items()
            if name not in columns and not may_lack
        ]
        # What it leaves to the database (ON CONFLICT), and what the database would refuse it.
        said += [f"{table}: {', '.join(sorted(one))} is not unique any more" for one in alone - alone_now]
        said += [
            f"{table}: {', '.join(sorted(one))} is unique now" for one in alone_now - alone if one <= columns.keys()
        ]
    assert said == []


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """The last release's code, of this repository's history."""
    known = subprocess.run(["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=ROOT, capture_output=True)
    if known.returncode:
        pytest.skip("the last release is not in this clone's history (git fetch --unshallow brings it)")
    packed = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=True).stdout
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def outcomes(served: Served) -> list[str]:
    """The calls' dispositions, as its API gives them."""
    answer = served.get("/api/v1/outcomes")
    assert answer.status_code == 200, answer.text
    return sorted(one["disposition"] for one in answer.json()["outcomes"])


def states(served: Served) -> list[str]:
    """The receipts' states, as its API gives them."""
    return sorted(one["state"] for one in served.get("/api/v1/receipts").json()["receipts"])


def tell(served: Served, call: int, disposition: str) -> None:
    body = {"callID": call, "callLogID": call + 1000, "callbackType": "terminal", "status": "completed"}
    body |= {"event": "call-ended", "customerNum": "+919800012345", "callStarted": "2026-11-18T10:00:00.000Z"}
    body |= {"callEnded": "2026-11-18T10:02:00.000Z", "talktime": 95, "disposition": disposition}
    answer = requests.post(served.callback("terminal"), json=body, timeout=20)
    assert answer.status_code == 200, answer.text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_last_release_receives_reads_and_shows_on_this_schema(request, tmp_path, released, kind):
    """Real processes of the old code, beneath whom this release migrates; then its own code on what those have written."""
    with empty_database(request, tmp_path, kind) as url:
        with serving(tmp_path / "served", url, PYTHONPATH=str(released), WRAPUP_WORKERS="1") as old:
            assert all(str(released) in environ for environ in old.read("service.", "environ"))
            tell(old, 1, "Interested")
            until(lambda: outcomes(old) == ["Interested"], 30)
            with closing(Database(url)) as database:
                migrations.upgrade(database)
            tell(old, 2, "Busy")
            tell(old, 2, "Busy")
            said = (tmp_path / "served" / "err").read_text
            until(lambda: outcomes(old) == ["Busy", "Interested"], 30, said)
            until(lambda: "pending" not in states(old), 30, said)
            assert len(states(old)) == 3 and set(states(old)) <= {"normalized", "duplicate"}
            for path in ("outcomes/changes", "reports/summary", "connections", "receipts"):
                assert old.get(f"/api/v1/{path}").status_code == 200, path
            ready = requests.get(old.url + "/readyz", timeout=20)
            assert (ready.status_code, ready.json()["status"]) in {(200, "ok"), (200, "newer_schema")}
            assert '"level":"error"' not in said()
        with closing(Database(url)) as database, database.read() as session:
            told = session.scalars(select(CallOutcome.disposition).order_by(CallOutcome.disposition)).all()
            assert told == ["Busy", "Interested"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite"])  # it is about processes and their names, and no tables
def test_a_reload_of_the_last_release_brings_this_one(request, tmp_path, released, kind):
    """An update as docs/installing.md has it for systemd: other code lies there, and the running supervisor gets a SIGHUP."""
    code, next_code = tmp_path / "code", tmp_path / "next"
    code.symlink_to(released)
    next_code.symlink_to(ROOT)
    with empty_database(request, tmp_path, kind) as url:
        with serving(tmp_path / "served", url, PYTHONPATH=str(code), WRAPUP_WORKERS="1") as served:
            tell(served, 1, "Interested")
            until(lambda: outcomes(served) == ["Interested"], 30)
            assert served.get("/api/v1/audit").status_code == 404  # which the last release has not
            next_code.rename(code)
            served.process.send_signal(signal.SIGHUP)
            said, calls = tmp_path / "served" / "err", iter(range(2, 10_000))

            def renewed() -> bool:
                tell(served, next(calls), "Interested")
                return sum("renewed" in line for line in said.read_text().splitlines()) == 3

            until(renewed, 60, said.read_text)
            assert "renewal_failed" not in said.read_text()
            last = next(calls)
            tell(served, last, "Busy")
            until(lambda: len(outcomes(served)) == last, 30, said.read_text)
            assert served.get("/api/v1/audit").status_code == 200
