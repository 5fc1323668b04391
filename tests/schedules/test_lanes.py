"""Mails to an address at which the server hangs, beside mails to others."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from models import Schedule
from rig.waiting import until
from schedules.noting import SENDS
from tests.schedules.rig import told

SLOW = ["one@slow.example", "two@slow.example", "three@slow.example"]
OTHERS = ["asha@example.com", "boris@example.com"]


@pytest.fixture
def patient(engine):
    """The next mail goes beside one at once."""
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, beside=0.0))
    return engine


@contextmanager
def working(sender):
    """Each lane in a thread of its own, as the worker has them; when the block ends each has finished what it was at."""
    stop = threading.Event()

    def loop(step):
        while not stop.is_set():
            if not step():
                stop.wait(0.01)

    threads = [threading.Thread(target=loop, args=(step,)) for step in sender.lanes().values()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def came(box):
    return sorted(one for to, _ in box.taken for one in to)


def states(engine):
    """Recipient -> state and reason of what goes there."""
    with engine.database.read() as session:
        to = dict(session.execute(select(Schedule.id, Schedule.recipients)).all())
    return {to[send.schedule_id][0]: (send.state, send.reason) for send in engine.sends()}


@pytest.mark.parametrize(
    ("fault", "became"), [("hang_recipient", ("pending", "unavailable")), ("hang_after", ("unknown", "uncertain"))]
)
def test_three_addresses_at_which_the_server_hangs_hold_up_no_other(patient, calls, box, fault, became):
    for number, one in enumerate(SLOW):
        patient.schedule(calls, name=one, to=[one], at=[f"06:0{number}"])
    for one in OTHERS:
        patient.schedule(calls, name=one, to=[one], at=["07:00"])
    box.faults, box.refused = {fault}, set(SLOW)
    patient.later(hours=7)
    with working(patient.sender()):
        until(lambda: set(came(box)) >= set(OTHERS), 20)
        until(lambda: sorted(box.hung) == sorted(SLOW), 20)
        until(lambda: all(states(patient)[one][0] == "sent" for one in OTHERS), 20)
        assert {states(patient)[one][0] for one in SLOW} == {"sending"}
        box.over.set()
        until(lambda: all(states(patient)[one] == became for one in SLOW), 20)
    assert {send.attempts for send in patient.sends()} == {1} and set(box.times().values()) == {1}


def test_no_two_go_to_an_address_at_once(patient, calls, box):
    for number in range(6):
        patient.schedule(calls, name=f"Slow {number}", to=["also@example.com", SLOW[0]], at=["06:00"])
    patient.schedule(calls, to=OTHERS, at=["07:00"])
    box.faults, box.refused = {"hang_recipient"}, {SLOW[0]}
    patient.later(hours=7)
    with working(patient.sender()):
        until(lambda: came(box) == OTHERS, 20)
        until(lambda: box.hung, 20)
        assert box.hung == [SLOW[0]]
        box.faults.clear()
        box.over.set()
        until(lambda: len(box.taken) == 6, 20)
        until(lambda: not {"sending"} & {send.state for send in patient.sends()}, 20)
    assert sorted(send.state for send in patient.sends()) == ["pending", *["sent"] * 6]


def test_mails_go_one_after_the_other_while_none_takes_long(engine, calls, box):
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, beside=3600.0))
    engine.schedule(calls, name="Slow", to=SLOW[:1], at=["06:00"])
    engine.schedule(calls, to=OTHERS, at=["07:00"])
    box.faults, box.refused = {"hang_recipient"}, set(SLOW)
    engine.later(hours=7)
    lanes = engine.sender().lanes()
    lanes["due"]()
    first = threading.Thread(target=lanes["mails"])
    first.start()
    until(lambda: box.hung, 20)
    assert not any(lanes[f"mails beside {number}"]() for number in (1, 2, 3))
    box.over.set()
    first.join()
    assert came(box) == []
    lanes["mails"]()
    assert came(box) == OTHERS


def test_what_was_tried_in_vain_comes_after_what_was_not(engine, calls, box):
    engine.schedule(calls, name="Slow", to=SLOW[:1], at=["06:00"])
    box.faults = {"full"}
    engine.later(hours=6)
    engine.run()
    engine.schedule(calls, to=OTHERS, at=["06:05"])
    engine.later(minutes=10)
    box.faults = set()
    lanes = engine.sender().lanes()
    lanes["due"]()
    lanes["mails"]()
    assert came(box) == OTHERS
    assert told(engine.run()) == [("18 06:00", "sent", None), ("18 06:05", "sent", None)]


def test_who_is_told_waits_once_for_an_address_at_which_the_server_hangs(engine, database, calls, box):
    for number in range(3):
        engine.schedule(calls, name=f"Slow {number}", tell=SLOW[0], at=["06:00"])
    engine.schedule(calls, tell=OTHERS[0], at=["07:00"])
    box.faults = {"spam"}
    engine.later(hours=7)
    sender = engine.sender()
    sender.lanes()["due"]()
    while sender.lanes()["mails"]():
        pass
    box.faults, box.refused = {"hang_recipient"}, {SLOW[0]}
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, seconds=0.3))
    with database.write() as session:  # whose turn it is
        session.execute(update(SENDS).where(SENDS.c.due_at < engine.at).values(tell_at=engine.at.replace(hour=6)))
    trouble = engine.sender().lanes()["trouble"]
    assert [trouble(), trouble(), trouble()] == [True, True, False]
    assert (box.hung, came(box)) == ([SLOW[0]], [OTHERS[0]])
    box.faults = set()
    engine.later(minutes=15)
    engine.run()
    assert came(box) == sorted([OTHERS[0], *[SLOW[0]] * 3])
