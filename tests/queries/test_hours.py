"""Calls by the hour, on both databases."""

from datetime import timedelta

from queries.hours import by_hour
from tests import factories
from tests.factories import NOON


def test_each_call_is_in_its_hour_and_in_no_other(database):
    microsecond, hour = timedelta(microseconds=1), timedelta(hours=1)
    with database.write() as session:
        for at in (NOON - microsecond, NOON, NOON + hour - microsecond, NOON + hour, NOON + 3 * hour):
            factories.outcome(session, started_at=at)
        factories.outcome(session, started_at=NOON, connect_outcome="busy")
        kept = factories.outcome(session, started_at=NOON + 2 * hour, connection="qvoice-main")
        factories.outcome(session, started_at=NOON, merged_into=kept.id)

    with database.read() as session:
        found = by_hour(session, NOON, 3)

    assert found == {"ryng-main": {0: (3, 2), 1: (1, 1)}, "qvoice-main": {2: (1, 1)}}
