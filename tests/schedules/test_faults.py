"""Mail servers and stores that refuse, hang, take half or are full. On SQLite alone: what they do is no matter of databases."""

import csv
import io
from dataclasses import replace

import pytest

from models import Schedule
from models.database import Database
from schedules import managing
from tests.factories import outcome
from tests.schedules.rig import OPS, mails, told


@pytest.fixture
def database(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


CERTAIN = [
    ({"busy"}, "unavailable", "refused us: 421"),
    ({"full"}, "unavailable", "452 no room"),
    ({"hang"}, "unavailable", "was silent for too long"),
]


@pytest.mark.parametrize(("faults", "reason", "said"), CERTAIN)
def test_what_was_certainly_not_taken_is_tried_again(engine, calls, box, faults, reason, said):
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, seconds=0.3))
    engine.schedule(calls)
    engine.later(hours=7)
    box.faults |= faults
    (send,) = engine.run()
    assert (send.state, send.reason, send.attempts) == ("pending", reason, 1) and said in send.answer
    assert send.sent_at is None  # nothing has left
    box.faults.clear()
    assert engine.run()[0].state == "pending"  # not before its pause is over
    engine.later(minutes=1)
    (send,) = engine.run()
    assert (send.state, send.attempts, len(box.taken), send.sent_at) == ("sent", 2, 1, engine.at)


FOR_GOOD = [
    ({"no_recipient"}, "declined", "takes mail for none of the recipients: 550 no such mailbox"),
    ({"spam"}, "declined", "554 looks like spam"),
]


@pytest.mark.parametrize(("faults", "reason", "said"), FOR_GOOD)
def test_a_refusal_for_good_is_not_tried_again(engine, calls, box, faults, reason, said):
    engine.schedule(calls)
    box.faults |= faults
    engine.later(hours=7)
    (send,) = engine.run()
    assert (send.state, send.reason, send.attempts) == ("failed", reason, 1) and said in send.answer
    assert send.sent_at is None


@pytest.mark.parametrize("fault", ["drop_after", "drop_half", "hang_after"])
def test_what_is_in_doubt_is_shown_told_and_never_sent_by_itself(engine, database, calls, box, fault):
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, seconds=0.3))
    engine.schedule(calls)
    box.faults |= {fault}
    engine.later(hours=7)
    sender = engine.sender()
    sender.step()
    assert told(engine.sends()) == [("18 07:00", "unknown", "uncertain")]
    box.faults.clear()
    before = len(mails(box, "Daily: 2026"))
    engine.later(hours=5)
    (send,) = engine.run()
    assert send.state == "unknown" and len(mails(box, "Daily: 2026")) == before
    # A person looks, and has it sent once more: under the same Message-ID.
    with database.write() as session:
        managing.repeat(session, send.id, engine.at)
    (again,) = engine.run()
    assert (again.state, again.target) == ("sent", send.target)
    assert box.times()[send.target] == before + 1
    with database.write() as session, pytest.raises(managing.CannotRepeat):
        managing.repeat(session, send.id, engine.at)


def test_a_mail_that_is_too_large_for_its_server_goes_without_its_file(engine, calls, box):
    engine.schedule(calls, format="xlsx")
    for faults in (set(), {"unsaid_size"}):
        box.faults, box.size = faults, 6_000
        engine.later(days=1)
        send = engine.run()[-1]
        assert (send.state, send.attempts) == ("sent", 1) and send.size > 3_000
        mail = box.taken[-1][1]
        said = "refused the mail: 552" if faults else "takes mail of 6,000 bytes at most"
        assert [*mail.iter_attachments()] == [] and said in mail.get_body(("plain",)).get_content()
    assert set(box.times().values()) == {1}
    box.size = 100
    engine.later(days=1)
    assert told(engine.run())[-1][1:] == ("failed", "declined")


HOSTILE = "=HYPERLINK(0)\r\nBcc: all@example.com\r\n\r\n<b>Продажі/हिन्दी\u202e</b>"


def test_a_name_begins_no_header_and_no_formula_and_keeps_its_letters(engine, database, calls, box):
    row = engine.schedule(calls)
    with database.write() as session:
        session.get(Schedule, row.id).name = HOSTILE  # which no form takes
        outcome(session, campaign_id="1", campaign_name=HOSTILE)
    engine.later(hours=7)
    assert engine.run()[0].state == "sent"
    ((to, mail),) = box.taken
    assert (to, mail["Bcc"]) == ([OPS], None) and mail["Subject"].startswith("=HYPERLINK(0)\\r\\nBcc: all")
    (attached,) = mail.iter_attachments()
    assert "Продажі-हिन्दी" in attached.get_filename() and not set(attached.get_filename()) & set('/\\:*?"<>|\u202e\r\n')
    ((campaign, name, _),) = [*csv.reader(io.StringIO(attached.get_content(), newline=""))][1:]
    assert (campaign, name) == ("1", "'" + HOSTILE)
    assert "<b>" not in mail.get_body(("html",)).get_content()


STORES = [
    ({"storage_full": {}}, "pending", "unavailable", "XMinioStorageFull). It is full"),
    ({"quota": {}}, "pending", "unavailable", "QuotaExceeded). It is full"),
    ({"unavailable": {}}, "pending", "unavailable", "cannot answer now"),
    ({"server_error": {}}, "unknown", "uncertain", "failed to answer"),
    ({"hang": {"value": 2}}, "unknown", "uncertain", "did not answer"),
    ({"drop_after": {}}, "unknown", "uncertain", "lake"),
]


@pytest.mark.parametrize(("faults", "state", "reason", "said"), STORES)
def test_a_store_that_is_full_slow_or_gone(stored, calls, bucket, faults, state, reason, said):
    lake = replace(stored.settings.buckets["lake"], seconds=0.4)
    stored.settings = replace(stored.settings, buckets={"lake": lake})
    stored.schedule(calls, to=None, bucket="lake")
    stored.later(hours=7)
    bucket.faults.set(faults)
    (send,) = stored.run()
    assert (send.state, send.reason) == (state, reason)
    assert said in send.answer or "reports/" in send.answer


def test_a_file_that_is_sent_once_more_overwrites_the_first_also_under_another_name_of_the_schedule(
    stored, database, calls, bucket
):
    row = stored.schedule(calls, to=None, bucket="lake/daily")
    stored.later(hours=7)
    bucket.faults.set({"drop_after": {}})
    (send,) = stored.run()
    bucket.faults.set({})
    with database.write() as session:
        session.get(Schedule, row.id).name = "Renamed"
        managing.repeat(session, send.id, stored.at)
    (again,) = stored.run()
    assert (send.state, again.state, again.target) == ("unknown", "sent", send.target) and len(bucket.objects) == 1


def test_keys_that_the_store_does_not_know(stored, calls, bucket):
    lake = replace(stored.settings.buckets["lake"], secret_key="another")
    stored.settings = replace(stored.settings, buckets={"lake": lake})
    stored.schedule(calls, to=None, bucket="lake")
    stored.later(hours=7)
    (send,) = stored.run()
    assert (send.state, send.reason, bucket.objects) == ("failed", "credentials_refused", {})
    assert "SignatureDoesNotMatch" in send.answer and "another" not in send.answer
