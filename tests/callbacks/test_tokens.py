"""Tokens rotate by listing two; what was quarantined for a wrong one can be read after all."""

import base64
from dataclasses import replace

import orjson
import pytest
from sqlalchemy import select
from werkzeug.test import Client

from callbacks import Inbox, Receiver
from callbacks.draft import Draft
from lib import clock
from models import Receipt, StrangerQuota
from models.database import Database
from outcomes import evidence
from service import config, logs
from tests.evidence import RYNG, normalize, outcomes

BODY = b'{"callID":1,"callLogID":2,"status":"busy"}'


def elsewhere(environ, start_response):
    start_response("404 NOT FOUND", [])
    return [b""]


@pytest.fixture
def post(database, tmp_path):
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    rotating = replace(RYNG, callback_tokens=("new", "old"))
    client = Client(Receiver(elsewhere, Inbox(database, settings), {RYNG.name: rotating}))
    return lambda path: client.post(path, data=BODY)


def states(database: Database) -> list[tuple[str, str | None]]:
    with database.read() as session:
        return [(r.state, r.reason) for r in session.scalars(select(Receipt).order_by(Receipt.id))]


def test_both_tokens_open_the_url_and_a_third_does_not(database, post):
    for token in ("new", "old", "older"):
        assert post(f"/callbacks/ryng-main/{token}/terminal").data == b'{"received":true}'
    assert states(database) == [("pending", None), ("pending", None), ("quarantined", "wrong_token")]


def test_an_operator_can_have_a_strangers_receipt_read(database, post):
    post("/callbacks/ryng-main/older/terminal")
    with database.write() as session:
        assert evidence.replay(session, {"reason": "wrong_token"}) == 1
    normalize(database)
    assert [row.connect_outcome for row in outcomes(database)] == ["busy"]
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
    assert (quota.receipts, quota.bytes) == (0, 0)


def test_only_what_lies_below_callbacks_is_received(database, post):
    assert post("/callbacksx/ryng-main/new/terminal").status_code == 404
    assert states(database) == []


@pytest.mark.parametrize("error", [OverflowError, RuntimeError, ValueError])
def test_no_error_of_the_database_gets_out_and_the_log_has_the_receipt(tmp_path, capsys, error):
    class Broken:
        def write(self):
            raise error("no")

    logs.configure("info")
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    client = Client(Receiver(elsewhere, Inbox(Broken(), settings), {RYNG.name: RYNG}))
    answer = client.post("/callbacks/ryng-main/token/terminal", data=BODY)
    assert (answer.status_code, answer.data) == (200, b'{"received":true}')
    assert [line["receipt"]["state"] for line in not_stored(capsys)] == ["pending"]


def test_a_size_beyond_64_bits_is_kept_as_the_largest_and_can_be_logged(database, tmp_path, capsys):
    logs.configure("info")
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    draft = Draft("ryng", "ryng", "terminal", clock.now(), "POST", None, {}, b"x", 10**30, False, "oversized")
    Inbox(database, settings).put(draft)
    with database.read() as session:
        assert session.scalars(select(Receipt)).one().body_size == 2**63 - 1
    Inbox(database, settings).put(draft)  # refused, the id is there already
    assert [line["receipt"]["body_size"] for line in not_stored(capsys)] == [2**63 - 1]


def not_stored(capsys) -> list[dict]:
    return [orjson.loads(line) for line in capsys.readouterr().err.splitlines() if "receipt_not_stored" in line]


def test_a_database_that_is_away_costs_no_200_and_no_receipt(tmp_path, capsys):
    """Without a store the receipt stands in full in the error log, and nowhere else does a body."""
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    logs.configure("info")
    client = Client(Receiver(elsewhere, Inbox(away, settings), {RYNG.name: RYNG}))
    answer = client.post("/callbacks/ryng-main/token/terminal", data=BODY)
    assert (answer.status_code, answer.data) == (200, b'{"received":true}')
    (line,) = not_stored(capsys)
    assert base64.b64decode(line["receipt"]["body"]) == BODY
