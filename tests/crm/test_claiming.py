"""What is read ahead, while requests are away, and noted later. On both databases."""

import pytest
from sqlalchemy import select, update

from crm import claiming
from models import Delivery
from tests.crm.test_following import HUBSPOT, changed, followed, made, now, started  # noqa: F401 - a fixture


def ahead(database, limit=10):
    with database.snapshot() as session:
        return claiming.look(session, HUBSPOT.name, limit, now())


def noted(database, batch):
    with database.write() as session:
        return [one.id for one in claiming.note(session, HUBSPOT.name, batch, now())]


def states(database):
    with database.read() as session:
        return list(session.execute(select(Delivery.revision, Delivery.state).order_by(Delivery.id)))


def test_what_is_still_as_it_was_is_noted_as_being_sent(started):  # noqa: F811
    made(started)
    made(started)
    followed(started)
    batch = ahead(started)
    assert states(started) == [(1, "pending")] * 2  # reading changes nothing
    assert len(noted(started, batch)) == 2
    assert states(started) == [(1, "sending")] * 2


@pytest.mark.parametrize("what", ["a revision was followed", "the call was corrected", "it was sent", "it is held"])
def test_what_has_changed_meanwhile_is_left_to_be_found_again(started, what):  # noqa: F811
    first, other = made(started), made(started)
    followed(started)
    batch = ahead(started)
    if what == "a revision was followed":
        changed(started, first)
        followed(started)
    elif what == "the call was corrected":
        changed(started, first)  # and nobody has followed that yet
    else:
        state = "done" if what == "it was sent" else "held"
        with started.write() as session:
            session.execute(update(Delivery).where(Delivery.outcome_id == first).values(state=state))
    assert len(noted(started, batch)) == 1
    with started.read() as session:
        sending = session.scalars(select(Delivery.outcome_id).where(Delivery.state == "sending")).all()
    assert sending == [other]


def test_of_what_is_on_its_way_nothing_is_read_ahead(started):  # noqa: F811
    made(started)
    made(started)
    followed(started)
    first = ahead(started, limit=1)
    noted(started, first)
    second = ahead(started)
    assert {one.outcome_id for one in first.taken}.isdisjoint(one.outcome_id for one in second.taken)
    assert len(second.taken) == 1
