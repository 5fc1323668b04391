"""Whoever was told of a call by an event is told of its erasure by one, however soon the feed is followed."""

from sqlalchemy import select

from crm.destination import FINAL, Destination
from crm.following import follow
from models import CallOutcome, Delivery
from tests import factories
from tests.evidence import terminal
from tests.outcomes.test_erasing import NUMBER, told
from upkeep.erasure import beginning
from upkeep.erasure.working import Eraser

HOOK = Destination("hook", "webhook", when=FINAL)


def test_the_event_of_the_erased_revision_is_posted(database, tmp_path):
    follow(database, HOOK)
    told(database, terminal())
    with database.write() as session:
        call = session.scalar(select(CallOutcome.id).where(CallOutcome.customer_number == NUMBER))
        more = {"destination": "hook", "operation": "post_event", "digest": "settled", "remote_id": "event-1"}
        factories.delivery(session, outcome_id=call, **more)
    beginning.begin(database, tmp_path, NUMBER, "Ann", keep_uncalled=False)
    one = Eraser(database, tmp_path)
    for _ in range(200):
        follow(database, HOOK)
        one.step()
        if not one.running():
            break
    with database.read() as session:
        revision = session.get_one(CallOutcome, call).revision
        own = select(Delivery).where(Delivery.outcome_id == call).order_by(Delivery.revision)
        first, last = session.scalars(own)
        assert (first.state, first.digest, first.remote_id) == ("done", "settled", None)
        assert (last.operation, last.revision, last.state, last.reason) == ("post_event", revision, "pending", None)
