"""The quarantine: counted, shown, and the way back out."""

import gzip
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from dialers.bodies.forgiven import FORGIVEN
from lib import clock
from models import Receipt
from models.strangers import NOBODY, drop
from tests import factories
from tests.evidence import RYNG, keep, normalize, outcomes, receipt, terminal
from tests.web.pages import shown


def text(browser, path="/quarantine") -> str:
    return shown.text(browser, path)


def states(database):
    with database.read() as session:
        return sorted(session.scalars(select(Receipt.state)))


@pytest.fixture
def quarantined(database):
    with database.write() as session:
        for number in range(3):
            factories.receipt(
                session, state="quarantined", reason="unparseable", body=b"{%d" % number, detail="The body is not JSON."
            )
        factories.receipt(session, state="quarantined", reason="no_call_id", body=b"{}", detail="It has no callID.")
        for name in ("<b>a</b>", "b"):
            factories.receipt(
                session, state="quarantined", reason="unknown_connection", connection=name, stranger=True, dialer=None
            )
        factories.receipt(session, state="quarantined", reason="wrong_token", stranger=True)
        return factories.receipt(session, body=b"fine")


def test_it_is_counted_by_reason_and_connection(reader, quarantined):
    page = text(reader)

    assert "7 in all" in page
    assert "unparseable" in page and "The body is not JSON." in page
    assert "names that strangers made up" in page
    assert "sent without a right to" in page
    assert f"/receipts/{quarantined.id}" not in page
    assert page.count('data-label="Received"') == 7
    assert "<button>Replay" not in page  # for admins


def test_what_was_dropped_is_said_not_to_be_there(admin, database, quarantined):
    assert "did not fit" not in text(admin)
    with database.write() as session:
        drop(session, NOBODY, 3, None)
    told = "3 receipts did not fit, gave way to newer ones, or came while the database was away, and are not here."
    assert told in text(admin)


def test_what_came_with_a_token_of_ours_to_a_name_of_nobodys_is_no_strangers(admin, database, quarantined):
    """A connection that was renamed: whoever dismisses what strangers made up dismisses nothing of its dialer's."""
    with database.write() as session:
        renamed = {"connection": "ryng-old", "dialer": None, "stranger": True, "known_sender": True}
        kept = factories.receipt(session, state="quarantined", reason="unknown_connection", **renamed)
    page = text(admin)
    assert page.count("with a token of ours") == 1 and page.count("names that strangers made up") == 1

    admin.post("/quarantine/dismiss", reason="unknown_connection", made_up="(strangers)")

    with database.read() as session:
        dismissed = select(Receipt.connection).where(Receipt.dismissed_at.is_not(None)).order_by(Receipt.connection)
        assert list(session.scalars(dismissed)) == ["<b>a</b>", "b"]
        assert session.get(Receipt, kept.id).dismissed_at is None


def test_what_had_a_token_of_ours_is_replayed_without_what_strangers_made_up_beside_it(admin, database, quarantined):
    with database.write() as session:
        outdated = {"reason": "wrong_token", "stranger": True, "known_sender": True}
        kept = factories.receipt(session, state="quarantined", **outdated)
    page = text(admin)
    assert page.count("with a token of ours") == 1 and page.count("sent without a right to") == 1
    assert page.count('name="token" value="ours"') == 2  # to replay, and to dismiss

    admin.post("/quarantine/replay", reason="wrong_token", connection="ryng-main", token="ours")

    assert "1 receipt sent back to be read again." in text(admin)
    with database.read() as session:
        assert list(session.scalars(select(Receipt.id).where(Receipt.state == "pending"))) == [kept.id]


def test_one_reason_of_one_connection_is_a_list_of_its_own(admin, quarantined):
    page = text(admin, "/quarantine?reason=unparseable&connection=ryng-main")

    assert "3 in all" in page and page.count('data-label="Received"') == 3
    assert "Replay all 3 shown here" in page


def test_one_receipt_is_replayed(admin, database, quarantined):
    (bad,) = keep(database, receipt(b"{"))
    normalize(database)
    assert text(admin, f"/receipts/{bad.id}").count(">Replay</button>") == 1

    response = admin.post(f"/receipts/{bad.id}/replay", back="/quarantine")

    assert response.location == "/quarantine"
    assert "waits to be read again" in text(admin)
    with database.read() as session:
        assert session.get(Receipt, bad.id).state == "pending"
    assert admin.post(f"/receipts/{bad.id}/replay", back="//evil.example").location == f"/receipts/{bad.id}"


def test_all_of_a_reason_are_replayed_and_nothing_else(admin, database, quarantined):
    text(admin)

    assert admin.post("/quarantine/replay", reason="unparseable").status_code == 303

    assert states(database) == ["normalized"] + ["pending"] * 3 + ["quarantined"] * 4
    assert "3 receipts sent back to be read again." in text(admin)


def test_without_a_reason_nothing_is_replayed(admin, database, quarantined):
    text(admin)

    admin.post("/quarantine/replay", connection="ryng-main")

    assert "pending" not in states(database)
    assert "nothing was replayed" in text(admin)


def test_a_replayed_receipt_becomes_the_outcome_that_it_would_have_been(admin, database):
    (kept,) = keep(database, receipt(terminal(), connection=replace(RYNG, name="ryng-new")))
    normalize(database)
    assert outcomes(database) == []
    text(admin)

    admin.post("/quarantine/replay", reason="unknown_connection", connection="ryng-new")
    normalize(database, connections={"ryng-new": RYNG})

    (row,) = outcomes(database)
    assert row.connection == "ryng-new"
    assert f"/calls/{row.id}" in text(admin, f"/receipts/{kept.id}")


def test_a_receipt_shows_all_that_was_kept_and_gives_its_bytes_as_a_file(reader, database):
    body = b"<html><script>alert(1)</script>\xff"
    with database.write() as session:
        row = factories.receipt(
            session, body=body, body_size=5_000_000, truncated=True, query="a=1", context={"campaign": "x"}
        )

    page = text(reader, f"/receipts/{row.id}")
    assert "3c 68 74 6d 6c" in page and "5000 kB" in page and "its beginning was kept" in page
    assert "a=1" in page and "campaign" in page and row.content_hash in page

    file = reader.get(f"/receipts/{row.id}/body")
    assert file.data == body
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.mimetype == "application/octet-stream"


def test_a_receipt_says_what_was_passed_over_and_shows_what_was_read(reader, database):
    body = gzip.compress(json.dumps(terminal(notes="Zoë"), ensure_ascii=False).encode("cp1252"))
    headers = {"content-type": "application/json; charset=windows-1252", "content-encoding": "gzip"}
    (kept,) = keep(database, receipt(body, headers=headers, at=clock.now()))
    normalize(database, now=clock.now())

    page = text(reader, f"/receipts/{kept.id}")
    assert FORGIVEN["gzip"] in page and FORGIVEN["character_set"] in page
    assert "Zoë" in page and "Times read" in page
    assert reader.get(f"/receipts/{kept.id}/body").data == body
    assert FORGIVEN["gzip"] in text(reader, "/connections/ryng-main")


def test_a_cursor_that_is_none_is_said_to_be_none(reader):
    response = reader.get("/quarantine?cursor=abc")

    assert response.status_code == 422
    assert "not a cursor of ours" in response.get_data(as_text=True)


def test_garbage_is_dismissed_and_no_trouble_any_more(admin, database, quarantined):
    page = text(admin)
    assert "Look at the body. Replay it when Wrapup can read it" in page
    assert admin.post("/quarantine/dismiss", reason="unparseable").status_code == 303
    page = text(admin)
    assert "4 in all; another 3 dismissed" in page
    assert "The body is not JSON." not in page
    assert "3 receipts dismissed" in page
    admin.post("/quarantine/dismiss", connection="ryng-main")
    assert "nothing was dismissed" in text(admin)
    assert states(database).count("quarantined") == 7  # kept, all of them


def test_one_receipt_is_dismissed_by_whom_and_taken_back(admin, database, quarantined):
    with database.read() as session:
        bad = session.scalars(select(Receipt.id).where(Receipt.reason == "no_call_id")).one()
    assert admin.post(f"/receipts/{bad}/dismiss").status_code == 303
    page = text(admin, f"/receipts/{bad}")
    assert "Dismissed as garbage by <bdi>admin</bdi>" in page
    admin.post(f"/receipts/{bad}/replay")
    assert "Dismissed as garbage" not in text(admin, f"/receipts/{bad}")


def test_who_may_only_read_dismisses_nothing(reader, database, quarantined):
    assert reader.post("/quarantine/dismiss", reason="unparseable").status_code == 403
    assert "Dismiss" not in text(reader)
