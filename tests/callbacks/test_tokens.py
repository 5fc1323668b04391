"""Tokens rotate by listing two; what was quarantined for a wrong one can be read after all."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from callbacks.ladder.inbox import Inbox
from callbacks.receiver import Receiver
from lib.proxies import Proxies
from models import Receipt, StrangerQuota
from models.database import Database
from outcomes import receipts as sent_back
from queries import evidence, quarantine
from rig.waiting import until
from service.settings import config
from tests.evidence import RYNG, normalize, outcomes

BODY = b'{"callID":1,"callLogID":2,"status":"busy"}'


def elsewhere(environ, start_response):
    start_response("404 NOT FOUND", [])
    return [b""]


@pytest.fixture
def post(database, tmp_path):
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    rotating = replace(RYNG, callback_tokens=("new", "old", LONG))
    inbox = Inbox(database, settings)
    client = Client(Receiver(elsewhere, inbox, {RYNG.name: rotating}, settings.secret_key))

    def post(path):
        answer = client.post(path, data=BODY, environ_base={"REMOTE_ADDR": "127.0.0.1"})
        until(lambda: not inbox.spool.waiting(), 20)  # a machine that is busy for a second: the spool had it first
        return answer

    yield post
    inbox.close()


def states(database: Database) -> list[tuple[str, str | None]]:
    with database.read() as session:
        return [(r.state, r.reason) for r in session.scalars(select(Receipt).order_by(Receipt.id))]


def test_both_tokens_open_the_url_and_a_third_does_not(database, post):
    for token in ("new", "old", "older"):
        assert post(f"/callbacks/ryng-main/{token}/terminal").data == b'{"received":true}'
    assert states(database) == [("pending", None), ("pending", None), ("quarantined", "wrong_token")]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("Basic dXNlcjpw", None),
        ("basic  dXNlcjpw ", None),
        ("Bearer t-2", None),
        ("Bearer t-3", "wrong_authorization"),
        ("Basic dXNlcjpwYXNz", "wrong_authorization"),
        ("dXNlcjpw", "wrong_authorization"),
        ("", "wrong_authorization"),
    ],
)
def test_a_header_that_the_settings_ask_for_must_be_there(database, tmp_path, sent, reason):
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    asking = replace(RYNG, callback_authorization=("Basic dXNlcjpw", "Bearer t-2"))
    inbox = Inbox(database, settings)
    client = Client(Receiver(elsewhere, inbox, {RYNG.name: asking}, settings.secret_key))
    headers = {"Authorization": sent} if sent else {}
    answer = client.post(f"/callbacks/{RYNG.name}/{RYNG.callback_tokens[0]}/terminal", data=BODY, headers=headers)
    assert (answer.status_code, answer.data) == (200, b'{"received":true}')
    until(lambda: states(database), 20)
    assert states(database) == [("quarantined" if reason else "pending", reason)]
    with database.read() as session:
        one = session.scalars(select(Receipt)).one()
    assert (one.stranger, "authorization" in one.headers) == (bool(reason), False)
    inbox.close()


def test_an_operator_can_have_a_strangers_receipt_read(database, post):
    post("/callbacks/ryng-main/older/terminal")
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({"reason": "wrong_token"})) == 1
    normalize(database)
    assert [row.connect_outcome for row in outcomes(database)] == ["busy"]
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
    assert (quota.receipts, quota.bytes) == (0, 0)


LONG = "a-token-of-ours-0123456789"


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/callbacks/{}/terminal", "***", ""),  # the connection left out
        ("/callbacks/ryng-main/{}", "ryng-main", ""),  # the kind left out
        ("/callbacks/callbacks/ryng-main/{}/terminal", "callbacks", "***/terminal"),
        ("/callbacks/x/ryng-main/{}/terminal", "x", "***/terminal"),
        ("/callbacks/ryng-main/x/{}/terminal", "ryng-main", "***/terminal"),
        ("/callbacks/ryng-main/terminal/{}", "ryng-main", "***"),
        ("/callbacks/ryng-main/{}/terminal/{}", "ryng-main", "terminal/***"),
        ("/callbacks/{}", "***", ""),
        ("/callbacks/x/y/z?to=/callbacks/ryng-main/{}/terminal", "x", "z"),
    ],
)
@pytest.mark.parametrize("token", ["new", LONG])
def test_a_url_that_is_off_by_a_segment_shows_its_token_to_nobody(database, post, path, name, kind, token):
    assert post(path.format(token, token)).data == b'{"received":true}'
    with database.read() as session:
        (kept,) = session.scalars(select(Receipt)).all()
        assert (kept.connection, kept.kind) == (name, kind)
        shown = {key: str(value) for key, value in evidence.shown_whole(kept).items() if key != "body"}
        assert not [key for key, value in shown.items() if token in value], shown


@pytest.mark.parametrize("name", ["renewals", "ryng-new", "old-ryng", "brand/new-kind"])
def test_names_in_which_a_short_token_is_a_part_stay_as_they_are(database, post, name):
    post(f"/callbacks/x/y/{name}")
    with database.read() as session:
        assert session.scalars(select(Receipt.kind)).one() == name


def test_only_what_lies_below_callbacks_is_received(database, post):
    assert post("/callbacksx/ryng-main/new/terminal").status_code == 404
    assert states(database) == []


def test_who_sent_a_wrong_token_is_kept_without_the_token(database, post):
    for path in ("/callbacks/ryng-main/older/terminal", "/callbacks/ryng-main/new/terminal", "/callbacks/nobody/new/x"):
        post(path)
    with database.read() as session:
        wrong, right, unknown = [one.headers for one in session.scalars(select(Receipt).order_by(Receipt.id))]
    assert wrong["peer"] == "127.0.0.1"
    assert len(wrong["token-fingerprint"]) == 32 and "older" not in str(wrong)
    # A connection that has another name by now, or a slip in it: its token says whose the callback is.
    assert "peer" in unknown and len(unknown["token-fingerprint"]) == 32
    assert right["peer"] == "127.0.0.1" and "token-fingerprint" not in right


TRUSTING = Proxies(["127.0.0.1"])


@pytest.mark.parametrize(
    ("proxies", "said", "client"),
    [
        (TRUSTING, None, None),
        (TRUSTING, "198.51.100.7", "198.51.100.7"),
        (TRUSTING, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (TRUSTING, "nobody \xff", "127.0.0.1"),  # the proxy itself, for all that is known
        (Proxies(), "198.51.100.7", None),
    ],
)
def test_the_peer_and_what_is_said_of_him_are_kept_and_told_apart(database, tmp_path, proxies, said, client):
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    inbox = Inbox(database, settings)
    receiver = Receiver(elsewhere, inbox, {RYNG.name: replace(RYNG, callback_tokens=("new",))}, "key", proxies)
    Client(receiver).post(
        f"/callbacks/{RYNG.name}/new/terminal",
        data=BODY,
        environ_base={"REMOTE_ADDR": "127.0.0.1"} | ({"HTTP_X_FORWARDED_FOR": said} if said else {}),
    )
    until(lambda: not inbox.spool.waiting(), 20)
    inbox.close()
    with database.read() as session:
        (receipt,) = session.scalars(select(Receipt))
        sender = quarantine.sender(session, receipt, {})
    assert receipt.headers["peer"] == "127.0.0.1"
    assert receipt.headers.get("client") == client
    assert sender["address"] == (client or "127.0.0.1")
    assert (sender["proxy"], sender["token"]) == ("127.0.0.1" if client else None, None)
    assert (sender["forwarded_for"] is None) == (said is None)
