"""What is due is sent once, whatever fails: mail, folder and bucket, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from models import Schedule, ScheduledSend, View
from models.leases import FREE
from schedules import managing, noting
from tests.factories import outcome
from tests.schedules.rig import OPS, START, mails, parts, told, view


def test_it_is_sent_when_it_is_due_and_once(engine, calls, box):
    engine.schedule(calls, tz="Asia/Kolkata")
    assert engine.run() == []
    engine.later(hours=1, minutes=30)  # 07:00 in India
    assert told(engine.run()) == [("18 01:30", "sent", None)]
    assert told(engine.run()) == [("18 01:30", "sent", None)]
    ((to, mail),) = box.taken
    assert (to, mail["From"], mail["To"]) == ([OPS], "wrapup@example.com", OPS)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Daily: 2026-11-18 07:00 +0530 (Asia/Kolkata)"
    (send,) = engine.sends()
    assert mail["Message-ID"] == send.target
    assert "wrapup.example.com/views/" in parts(mail)["text/plain"]
    engine.later(days=1)
    assert told(engine.run())[1:] == [("19 01:30", "sent", None)]
    assert set(box.times().values()) == {1} and len(box.taken) == 2


def test_nothing_ran_for_two_days(engine, calls, box):
    engine.schedule(calls, at=["07:00", "19:00"])
    engine.later(days=2, hours=8)
    states = [(at, state) for at, state, _ in told(engine.run())]
    assert states == [
        *[(f"{day} {at}", "missed") for day in (18, 19) for at in ("07:00", "19:00")],
        ("20 07:00", "sent"),
    ]
    assert "This is sent late: it was due at 2026-11-20 07:00" in parts(mails(box)[0])["text/plain"]
    assert "4 earlier ones were missed" in parts(mails(box)[0])["text/plain"]


def test_sent_after_midnight_it_is_about_the_day_on_which_it_was_due(engine, database, box):
    with database.write() as session:
        outcome(session, occurred_at=START + timedelta(hours=12))
    today = view(database, query={"period": ["today"], "group_by": ["day"]})
    engine.schedule(today, at=["23:50"])
    engine.schedule(today, name="Kept", at=["23:50"], to=None, folder="")
    engine.later(days=1, minutes=9)
    mailed, kept = sorted(engine.run(), key=lambda send: "@" not in send.target)
    assert "2026-11-18  1" in parts(mails(box)[0])["text/plain"] and mailed.rows == 1
    assert (engine.settings.folder / kept.target).read_text() == "day,attempts\n2026-11-18,1\n"


def test_a_pause_misses_nothing_and_sends_nothing(engine, calls, database, box):
    row = engine.schedule(calls)
    with database.write() as session:
        managing.pause(session, session.get(Schedule, row.id), engine.at)
    engine.later(days=3)
    assert engine.run() == []
    with database.write() as session:
        managing.resume(session, session.get(Schedule, row.id), engine.at)
    assert engine.run() == []
    engine.later(hours=8)
    assert told(engine.run()) == [("21 07:00", "sent", None)]


def test_what_is_due_is_neither_forgotten_nor_repeated_where_it_is_changed_or_paused_meanwhile(
    engine, calls, database, box
):
    row = engine.schedule(calls, at=["07:00"])
    engine.later(hours=7)  # nobody has written it down yet
    change(engine, row, calls, at=["09:00"])
    assert told(engine.run()) == [("18 07:00", "sent", None)]
    engine.later(minutes=30)
    change(engine, row, calls, at=["07:00", "09:00"])  # today's seven o'clock is over
    assert len(engine.run()) == 1
    engine.later(hours=1, minutes=30)
    change(engine, row, calls, at=["09:00"], name="Another")
    with database.write() as session:
        managing.pause(session, session.get(Schedule, row.id), engine.at)
    engine.later(hours=20)
    assert told(engine.run()) == [("18 07:00", "sent", None), ("18 09:00", "sent", None)]
    assert set(box.times().values()) == {1} and len(box.taken) == 2


def change(engine, row, of, **given):
    order = {"name": "Daily", "view_id": of.id, "to": [OPS], "tz": "UTC"} | given
    with engine.database.write() as session:
        managing.change(session, session.get(Schedule, row.id), order, engine.settings, engine.at)


def test_old_ones_are_forgotten_but_not_the_latest(engine, calls, database, monkeypatch):
    monkeypatch.setattr(noting, "LATEST", 2)
    engine.schedule(calls, to=None, folder="")
    for _ in range(4):
        engine.later(days=1)
        engine.run()
    first = engine.sends()[0]
    assert noting.forget_old(database, first.settled_at + noting.KEPT) == 0
    assert noting.forget_old(database, engine.at + 2 * noting.KEPT) == 2 and len(engine.sends()) == 2
    engine.later(days=200)
    assert min(send.due_at for send in engine.run()) > START + timedelta(days=4)  # those that were missed are newer


def test_a_clock_that_ran_ahead_silences_nothing_and_sends_nothing_twice(engine, calls, box):
    engine.schedule(calls)
    engine.later(days=30, hours=8)
    ahead = engine.run()
    assert [send.state for send in ahead] == ["missed"] * 30 + ["sent"]
    engine.at = START + timedelta(hours=8)
    assert len(engine.run()) == 31
    engine.later(days=31)
    assert engine.run()[-1].state == "sent" and len(box.taken) == 2


def test_it_is_given_up_in_the_end_and_somebody_is_told(engine, calls, box):
    engine.schedule(calls)
    box.faults |= {"full"}
    engine.later(hours=7)
    engine.run()
    for minutes in (1, 5, 15, 30):
        engine.later(minutes=minutes)
        engine.run()
    (send,) = engine.sends()
    assert (send.state, send.attempts, send.told_at) == ("failed", 5, None)  # the same server takes no news of it
    box.faults.clear()
    engine.later(minutes=15)
    (send,) = engine.run()
    assert send.state == "failed" and send.told_at is not None
    (mail,) = mails(box)
    assert mail["Subject"] == "Wrapup: Daily: failed" and "452 no room" in parts(mail)["text/plain"]
    assert engine.run() and len(box.taken) == 1


def test_who_could_not_be_told_was_not_told(engine, calls, box):
    engine.schedule(calls, weekdays=[3])
    box.faults |= {"spam"}
    for later in ({"hours": 7}, {"days": 1, "minutes": 1}, {"days": 1}):
        engine.later(**later)
        (send,) = engine.run()
        assert (send.state, send.told_at) == ("failed", None)
    assert send.tell_at is None


def test_a_part_of_the_recipients(engine, calls, box):
    engine.schedule(calls, to=["gone@example.com", OPS])
    box.faults |= {"no_recipient"}
    box.refused |= {"gone@example.com"}
    engine.later(hours=7)
    (send,) = engine.run()
    assert (send.state, send.reason) == ("sent", "partly_refused") and "gone@example.com: 550" in send.answer
    assert [mail["Subject"] for mail in mails(box)][1:] == ["Wrapup: Daily: not sent to all"]


def test_a_worker_that_died_while_it_sent(engine, database, calls, box):
    engine.schedule(calls)
    engine.later(hours=7)
    noting.note_due(database, engine.at)
    held = {"state": "sending", "lease_owner": "dead", "lease_until": engine.at + noting.SPAN}
    with database.write() as session:
        session.execute(update(ScheduledSend).values(held))
    assert [send.state for send in engine.run()] == ["sending"]  # it may be alive
    engine.later(minutes=3)
    (send,) = engine.run()
    assert (send.state, send.reason) == ("unknown", "interrupted")
    assert [mail["Subject"] for mail in mails(box)] == ["Wrapup: Daily: unknown"]
    assert "was due at" in parts(mails(box)[0])["text/plain"]
    # And before it left: another one takes it over.
    with database.write() as session:
        session.execute(update(ScheduledSend).values({"state": "pending"} | FREE))
    assert engine.run()[0].state == "sent"


def test_a_view_that_cannot_be_asked_any_more(engine, database, calls, box):
    engine.schedule(calls)
    with database.write() as session:
        session.execute(update(View).values(query={"connection": ["gone"]}))
    engine.later(hours=7)
    (send,) = engine.run()
    assert (send.state, send.reason) == ("failed", "view_broken") and "gone" in send.answer
    assert "gone" in parts(mails(box)[0])["text/plain"]


def test_a_folder_and_what_leads_out_of_it(engine, calls):
    engine.schedule(calls, to=None, folder="daily/renewals")
    engine.later(hours=7)
    (send,) = engine.run()
    path = engine.settings.folder / send.target
    assert send.state == "sent" and path.stat().st_size == send.size and path.parent.name == "renewals"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    (engine.settings.folder / "daily").rename(engine.settings.folder / "old")
    (engine.settings.folder / "daily").symlink_to("/tmp")
    engine.later(days=1)
    assert told(engine.run())[1] == ("19 07:00", "failed", "asked_wrongly")
    with pytest.raises(managing.Wrong):
        engine.schedule(calls, name="Out", to=None, folder="../elsewhere")


def test_a_folder_that_nobody_can_write_to(engine, calls):
    engine.schedule(calls, to=None, folder="daily")
    (engine.settings.folder / "daily").write_text("a file")
    engine.later(hours=7)
    (send,) = engine.run()
    assert (send.state, send.reason) == ("pending", "unavailable")


def test_a_bucket(stored, calls, bucket):
    stored.schedule(calls, to=None, bucket="lake/daily")
    stored.later(hours=7)
    (send,) = stored.run()
    (key,) = bucket.objects
    assert (send.state, send.target, send.size) == ("sent", f"lake/{key}", len(bucket.objects[key]))
    assert key.startswith("daily/Daily-") and key.endswith("-20261118T070000Z.csv")


def test_tried_now_it_is_sent_besides_and_once(engine, database, calls, box):
    row = engine.schedule(calls)
    with database.write() as session:
        noting.tried(session, row, engine.at)
    box.faults |= {"busy"}
    (send,) = engine.run()
    assert (send.state, send.trial, send.attempts, send.tell_at) == (
        "failed",
        True,
        1,
        None,
    )  # whoever tries wants to know now
    box.faults.clear()
    engine.later(seconds=1)
    with database.write() as session:
        noting.tried(session, row, engine.at)
    assert [send.state for send in engine.run()] == ["failed", "sent"]
    assert "it was not due" in parts(mails(box)[-1])["text/plain"]


def test_settings_that_lack_what_it_needs(engine, calls):
    engine.schedule(calls)
    engine.settings = replace(engine.settings, mail=None)
    engine.later(hours=7)
    (send,) = engine.run()
    assert (send.state, send.reason, send.answer) == ("failed", "not_set_up", "The settings have no [mail].")
    assert send.told_at is None
