"""The campaigns that a form offers: those that there are calls of, found by steps on an index."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from models.database import Database
from queries import campaigns
from queries.campaigns import Campaign
from tests.factories import NOON, load, outcome


def offered(database, *asked):
    with database.read() as session:
        return campaigns.offered(session, *asked)


@pytest.fixture
def calls(database):
    with database.write() as session:
        for day in range(12):
            own = {"started_at": NOON + timedelta(days=day)}
            outcome(session, campaign_id=str(day % 3), campaign_name=None if day < 3 else f"Late {day}", **own)
            outcome(session, connection="voipex-prague", campaign_id=None, campaign_name=f"Žofie {day % 2}", **own)
            outcome(session, connection="qvoice-main", campaign_id=None, campaign_name=None, **own)


def test_each_campaign_is_offered_once_under_its_latest_name(database, calls):
    with_ids = [Campaign("ryng-main", str(at), f"Late {9 + at}") for at in (1, 2, 0)]
    without = [Campaign("voipex-prague", None, f"Žofie {at}") for at in (0, 1)]
    assert offered(database, ()) == with_ids + without
    assert offered(database, ("ryng-main",)) == with_ids and offered(database, ("voipex-prague",)) == without
    assert offered(database, ("qvoice-main",)) == offered(database, ("nobody",)) == []
    assert offered(database, ("ryng-main", "voipex-prague")) == with_ids + without


def test_only_those_with_calls_in_the_time_are_offered(database, calls):
    begin, end = NOON + timedelta(days=10), NOON + timedelta(days=11)
    found = offered(database, (), begin, end)
    assert found == [Campaign("ryng-main", "1", "Late 10"), Campaign("voipex-prague", None, "Žofie 0")]
    assert [one.id for one in offered(database, ("ryng-main",), begin)] == ["1", "2"]
    assert offered(database, (), None, NOON) == offered(database, (), end + timedelta(days=1)) == []


def test_there_is_a_most_of_steps_and_of_what_is_told(database, monkeypatch):
    with database.write() as session:
        for at in range(30):
            outcome(session, campaign_id=f"{at:02}", campaign_name=f"{at:02}")
    monkeypatch.setattr(campaigns, "STEPS", 5)
    assert [one.id for one in offered(database, ())] == ["25", "26", "27", "28", "29"]
    monkeypatch.setattr(campaigns, "MOST", 2)
    assert len(offered(database, ())) == 2


def test_those_of_loads_are_the_latest_and_each_once(database):
    with database.write() as session:
        for name in ("Renewals", None):
            load(session, campaign="456", name=name)
        load(session, campaign="789", connection="qvoice-main")
        load(session, campaign=None, name="Not told yet")
    with database.read() as session:
        assert campaigns.loaded(session, ()) == [
            Campaign("qvoice-main", "789", None),
            Campaign("ryng-main", "456", "Renewals"),
        ]
        assert campaigns.loaded(session, ("qvoice-main",)) == [Campaign("qvoice-main", "789", None)]


@pytest.mark.parametrize("asked", [((),), (("ryng-main", "qvoice-main"), NOON, NOON + timedelta(days=1))])
def test_no_step_goes_through_calls(sqlite_url, asked):
    database, statements = Database(sqlite_url), []
    with database.write() as session:
        outcome(session, campaign_id="1")
    event.listen(database.engine, "before_cursor_execute", lambda *told: statements.append(told[2:4]))
    offered(database, *asked)
    with database.read() as session:
        driver = session.connection().connection.driver_connection
        plans = [
            row[3]
            for text, values in statements
            if "call_outcomes" in text
            for row in driver.execute(f"EXPLAIN QUERY PLAN {text}", values)
        ]
    database.close()
    looked = [plan for plan in plans if "call_outcomes" in plan]
    assert len(looked) > 3
    assert all(plan.startswith("SEARCH") and " USING " in plan and "INDEX" in plan for plan in looked), looked
