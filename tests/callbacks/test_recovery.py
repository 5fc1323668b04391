"""``wrapup import-spool`` and ``wrapup replay --from-log``: what a dead machine or a log still holds comes back, once each."""

import os
from dataclasses import replace

import orjson
import pytest
from sqlalchemy import select

from callbacks.draft import Draft
from callbacks.ladder.database import DatabaseStore
from callbacks.recovery import bring_back
from callbacks.spool import Spool
from lib import clock
from models import Receipt
from models.database import Database
from service.settings import config


def draft(number: int, **facts) -> Draft:
    body = orjson.dumps({"callID": number})
    known = {"stranger": False, "reason": None} | facts
    return Draft("ryng", "ryng", "terminal", clock.now(), "POST", None, {}, body, len(body), **known)


# A database is not asked.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def wrapup(commands, tmp_path, database_url):
    def run(*words):
        environ = os.environ | {
            "WRAPUP_DATA_DIR": str(tmp_path / "data"),
            "WRAPUP_DATABASE_URL": database_url,
            "WRAPUP_STRANGER_RECEIPTS": "2",
        }
        return commands.run(*words, cwd=tmp_path, env=environ)

    return run


def numbers(url: str) -> list[int]:
    database = Database(url)
    with database.read() as session:
        found = sorted(orjson.loads(body)["callID"] for body in session.scalars(select(Receipt.body)))
    database.close()
    return found


def test_the_spool_of_a_dead_machine_is_taken_over_once(tmp_path, database_url, wrapup):
    dead = tmp_path / "dead" / "spool"
    spool = Spool(dead, segment_bytes=2000)
    for first in range(0, 40, 4):
        spool.append([draft(n).line() for n in range(first, first + 4)])
    spool.append([draft(n, stranger=True, reason="wrong_token").line() for n in range(100, 105)])
    (first, *_) = sorted(dead.glob("*.spool"))
    with first.open("ab") as segment:
        segment.write(b'00000000 {"id": "torn')
    before = {path.name: path.read_bytes() for path in dead.iterdir()}

    done = wrapup("import-spool", str(dead))
    assert "Read 45 receipts: 42 brought back, 0 were there already, 3 did not fit" in done.stdout
    assert (done.returncode, "1 line could not be read" in done.stderr) == (1, True)
    assert numbers(database_url) == [*range(40), 100, 101]
    again = wrapup("import-spool", str(first))
    assert ("0 brought back" in again.stdout, numbers(database_url)) == (True, [*range(40), 100, 101])
    assert {path.name: path.read_bytes() for path in dead.iterdir()} == before  # it only reads


def test_a_log_brings_back_what_no_store_took_once(tmp_path, database_url, wrapup):
    lines = [orjson.dumps({"event": "receipt_not_stored", "receipt": draft(n).record()}).decode() for n in range(5)]
    log = tmp_path / "journal"
    log.write_text(
        "\n".join(
            [
                '{"event": "worker_started"}',
                lines[0],
                f"Nov 21 10:00:00 host wrapup[77]: {lines[1]}",
                *lines[2:],
                lines[3],  # logged twice, by two processes, say
                lines[4][:100],  # the disk was full
            ]
        )
    )
    done = wrapup("replay", "--from-log", str(log))
    assert "Read 5 receipts: 5 brought back" in done.stdout
    assert (done.returncode, "1 line could not be read" in done.stderr) == (1, True)
    assert numbers(database_url) == list(range(5))
    assert "0 brought back, 5 were there already" in wrapup("replay", "--from-log", str(log)).stdout
    assert numbers(database_url) == list(range(5))


@on_one_database
def test_a_log_goes_with_no_other_choice(tmp_path, wrapup):
    (tmp_path / "log").write_text("")
    done = wrapup("replay", "--from-log", str(tmp_path / "log"), "--state", "quarantined")
    assert (done.returncode, "--from-log" in done.stderr) == (2, True)


@on_one_database
def test_a_file_that_is_not_there_is_said_so(wrapup):
    done = wrapup("import-spool", "nowhere")
    assert (done.returncode, "nowhere" in done.stderr) == (2, True)


def test_the_data_folder_is_as_good_as_the_spool_in_it(tmp_path, database_url, wrapup):
    spool = Spool(tmp_path / "dead" / "spool")
    spool.append([draft(1).line()])
    assert "1 brought back" in wrapup("import-spool", str(tmp_path / "dead")).stdout
    (spool.folder / "000000000001.spool").rename(spool.folder / "damaged")  # set aside by an older release
    (tmp_path / "dead" / "spool").rename(tmp_path / "dead" / "copy")
    assert "1 were there already" in wrapup("import-spool", str(tmp_path / "dead" / "copy")).stdout


@on_one_database
@pytest.mark.parametrize("content", [None, b"", b"no line of a spool\n"])
def test_what_holds_no_spool_is_refused(tmp_path, wrapup, content):
    path = tmp_path / "something"
    path.mkdir() if content is None else path.write_bytes(content)
    done = wrapup("import-spool", str(path))
    assert (done.returncode, str(path) in done.stderr, len(done.stderr.splitlines())) == (1, True, 1)
    assert "Read" not in done.stdout


def test_large_receipts_are_brought_back_a_few_at_a_time(database, monkeypatch, tmp_path):
    taken = []
    keep = DatabaseStore.keep
    monkeypatch.setattr(DatabaseStore, "keep", lambda self, drafts: (taken.append(len(drafts)), keep(self, drafts)))
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    large = (replace(draft(n), body=b"x" * 1_000_000) for n in range(9))
    assert bring_back(database, settings, large).new == 9
    assert taken == [5, 4]  # 4 MiB are passed with the fifth
