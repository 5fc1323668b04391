"""Telling by mail and webhook: what hangs, refuses or perhaps took it, and what is sent."""

import socket
from dataclasses import replace
from datetime import time, timedelta

import pytest
from structlog.testing import capture_logs

from models import AlertState
from tests.factories import delivery, destination, outcome, poll, receipt
from tests.schedules.rig import mail_of, mailbox
from tests.upkeep.alerts.rig import CONNECTIONS, OPS, Rig, names, receiving
from upkeep.alerts.settings import MAIL, WEBHOOK
from upkeep.alerts.telling import Teller


def test_a_mail_server_that_hangs_holds_up_nobody_else_and_is_told_of_elsewhere(alone):
    rig = alone()
    rig.settings = replace(rig.settings, server=replace(rig.settings.server, seconds=0.2, altogether=0.4))
    rig.watch = rig.another()
    rig.box.faults.add("hang")
    with rig.database.write() as session:
        receipt(session, state="pending", received_at=rig.now - timedelta(hours=1))
    rig.minutes(6)
    assert names(rig.receiver, "began") == {"receipts_wait"} and rig.mails() == []
    with rig.watch._table.state() as state:
        assert "silent for too long" in state.channels[MAIL].error
    rig.minutes(24, step=3)
    assert names(rig.receiver, "began") == {"receipts_wait", "alerts_untold"}
    rig.box.faults.clear()
    rig.settings = replace(rig.settings, server=mail_of(rig.box.port))
    rig.minutes(16, step=4)
    told = rig.told()
    assert told.count("has waited for") == 1 and told.count("to be told by mail") == 1
    assert set(rig.receiver.events().values()) == {1}


@pytest.mark.parametrize("fault", ["drop_after", "drop_half", "full"])
def test_what_was_perhaps_not_taken_is_told_again_with_the_same_id(alone, fault):
    rig = alone()
    rig.box.faults.add(fault)
    rig.spool.append([b"x" * 90])
    rig.minutes(2, channels=(MAIL,))
    rig.box.faults.clear()
    rig.minutes(4, channels=(MAIL,))
    ((told, times),) = rig.box.times().items()
    assert told.startswith("<alerts-") and times == (2 if fault == "drop_after" else 1)


def test_a_recipient_whom_the_server_refuses_is_named_in_the_log(alone):
    """The others have the mail: nobody is to think that all of them have it."""
    rig = alone(to=(OPS, "gone@example.com"))
    rig.box.faults, rig.box.refused = {"no_recipient"}, {"gone@example.com"}
    rig.spool.append([b"x" * 90])
    with capture_logs() as logs:
        rig.minutes(3)
    assert len(rig.mails()) == 1
    (one,) = [line for line in logs if line["event"] == "alert_recipients_refused"]
    assert list(one["refused"]) == ["gone@example.com"] and one["refused"]["gone@example.com"].startswith("550")


def test_a_recipient_whom_the_server_puts_off_is_told_later_and_the_others_once(alone):
    """As a server does that greylists: who is on call is not to miss what a colleague has heard."""
    rig = alone(to=(OPS, "night@example.com", "gone@example.com"))
    rig.box.faults, rig.box.refused = {"later"}, {"night@example.com"}
    teller = Teller(MAIL, rig.settings)
    rig.spool.append([b"x" * 90])
    rig.minutes(3, channels=())
    with capture_logs() as logs:
        for _ in range(3):
            rig.minutes(1, channels=())
            rig.watch.tell(teller)
        assert [to for to, _ in rig.box.taken] == [[OPS, "gone@example.com"]]
        rig.box.faults, rig.box.refused = {"no_recipient"}, {"gone@example.com"}
        for _ in range(16):
            rig.minutes(1, channels=())
            rig.watch.tell(teller)
    assert [to for to, _ in rig.box.taken] == [[OPS, "gone@example.com"], ["night@example.com"]]
    assert len(rig.box.times()) == 1  # with one id
    put_off = [line["refused"] for line in logs if line["event"] == "alert_recipients_put_off"]
    assert len(put_off) > 1 and put_off[0].keys() == {"night@example.com"}
    assert not any(line["event"] == "alert_recipients_refused" for line in logs)


def test_who_is_put_off_for_hours_or_refused_in_the_end_is_named_in_the_log(alone):
    rig = alone(to=(OPS, "night@example.com"))
    rig.box.faults, rig.box.refused = {"later"}, {"night@example.com"}
    teller = Teller(MAIL, rig.settings)
    rig.spool.append([b"x" * 90])
    rig.minutes(3, channels=())
    with capture_logs() as logs:
        for _ in range(24):
            rig.now += timedelta(minutes=16)
            rig.watch.tell(teller)
    assert len(rig.box.taken) == 1
    (one,) = [line["refused"] for line in logs if line["event"] == "alert_recipients_refused"]
    assert one.keys() == {"night@example.com"} and "450" in one["night@example.com"]


def test_a_webhook_that_refuses_is_tried_again(alone):
    rig = alone()
    rig.receiver.status = 503
    rig.spool.append([b"x" * 90])
    rig.minutes(3)
    rig.receiver.status = 200
    rig.minutes(5)
    assert rig.receiver.events() == {("began", "callbacks_spooled"): 1} and len(rig.mails()) == 1


def test_slack_is_given_a_text_alone(alone):
    rig = alone(slack=True, secrets=())
    rig.spool.append([b"x" * 90])
    rig.minutes(2)
    (body,) = rig.receiver.bodies
    assert (
        body.keys() == {"text"} and "90B" not in body["text"] and "100B of callbacks wait in the spool" in body["text"]
    )
    assert "https://calls.example.com/docs/alerts.md#callbacks-spooled" in body["text"]


def test_who_dies_between_telling_and_noting_tells_once_more_and_loses_nothing(rig):
    with rig.database.write() as session:
        receipt(session, state="pending", received_at=rig.now - timedelta(hours=1))
    rig.minutes(5, channels=(WEBHOOK,))
    with rig.database.write() as session:  # as it was before
        row = session.get(AlertState, "everywhere")
        document = {**row.document, "alerts": [{**one, "told": {}} for one in row.document["alerts"]]}
        row.document = document
    rig.now += timedelta(minutes=5)  # and its lease is over
    rig.minutes(1, rig.another(), channels=(WEBHOOK,))
    assert rig.receiver.events() == {("began", "receipts_wait"): 2}
    ids = {one["id"] for body in rig.receiver.bodies for one in body["data"]["alerts"]}
    assert len(ids) == 1


def test_the_digest_says_what_yesterday_was_and_who_is_waited_for(rig_of_digests):
    rig = rig_of_digests
    rig.minutes(2)
    assert rig.receiver.bodies == [], "what was before it was set up is nobody's digest"
    yesterday = rig.now
    with rig.database.write() as session:
        for _ in range(3):
            outcome(session, started_at=yesterday, occurred_at=yesterday)
        receipt(session, state="quarantined", reason="unparseable")
        poll(session, layer="week")
        # Nobody can do anything about what is of a connection and a destination that are not in the settings any more.
        outcome(session, connection="qvoice-old", dialer="qvoice", disposition="Sold")
        destination(session, "old")
        for state in ("held", "refused"):
            delivery(session, destination="old", state=state, reason="no_match")
    rig.minutes(17, channels=())
    rig.now = (rig.now + timedelta(days=1)).replace(hour=8, minute=0)
    rig.minutes(3)
    (digest,) = [body for body in rig.receiver.bodies if body["type"] == "wrapup.digest"]
    # One of the two only posts callbacks.
    first = "Yesterday: 3 calls, all sources that can be asked complete, 1 waits for a person."
    assert first in digest["data"]["text"] and "Receipts in quarantine: 1." in digest["data"]["text"]
    assert "have gone into quarantine within 15 minutes" in digest["data"]["text"]
    assert "Of ryng-main only callbacks tell: nobody can say whether all of them came." in digest["data"]["text"]
    assert "08:01 UTC nobody looked at all of it: no worker watched" in digest["data"]["text"]
    assert rig.mails().count(f"Wrapup: {first.rstrip('.')}") == 1
    # What it lacks.
    rig.well = False
    rig.spool.append([b"x" * 90])
    rig.now = (rig.now + timedelta(days=1)).replace(hour=8, minute=0)
    rig.minutes(1)
    text_of = [body for body in rig.receiver.bodies if body["type"] == "wrapup.digest"][-1]["data"]["text"]
    assert "Yesterday: 0 calls, not all sources complete" in text_of and "Callbacks wait in the spool" in text_of
    # Made before its hour, of the day before yesterday: no worker ran when it was due.
    rig.now = (rig.now + timedelta(days=2)).replace(hour=7, minute=0)
    rig.minutes(1)
    text_of = [body for body in rig.receiver.bodies if body["type"] == "wrapup.digest"][-1]["data"]["text"]
    assert text_of.splitlines()[1].startswith(f"{rig.now - timedelta(days=2):%Y-%m-%d}: 0 calls, ")


@pytest.fixture
def rig_of_digests(database, tmp_path):
    with mailbox() as box, receiving() as receiver:
        found = Rig(database, tmp_path, box, receiver, digest=time(7, 30), tz="UTC")
        found.begin()
        yield found


def test_nobody_is_called_while_the_mail_server_is_away(alone):
    """A port where nobody listens: it fails at once, and the log says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        rig = alone()
        rig.settings = replace(rig.settings, server=replace(rig.settings.server, port=free.getsockname()[1]))
        rig.watch = rig.another()
        rig.spool.append([b"x" * 90])
        rig.minutes(3)
    assert rig.mails() == [] and names(rig.receiver, "began") == {"callbacks_spooled"}
    assert CONNECTIONS
