"""Reports beside another period, over HTTP."""

from datetime import date, timedelta

from tests import factories
from tests.factories import NOON
from tests.web.asking import answered


def test_a_report_is_compared_to_the_same_hour(reader, database, monkeypatch):
    """Two days, compared at the second one's noon with the first: what came after its noon does not count."""
    now = NOON + timedelta(days=1)
    monkeypatch.setattr("queries.reports.answering.clock.now", lambda: now - timedelta(minutes=1))
    with database.write() as session:
        for hours, connect_outcome in ((-2, "connected"), (-1, "no_answer"), (5, "connected"), (22, "connected")):
            factories.outcome(session, started_at=NOON + timedelta(hours=hours), connect_outcome=connect_outcome)
    query = {"since": now.strftime("%Y-%m-%d"), "tz": "UTC", "group_by": "day"}
    found = answered(reader, "connect_rate", compare="previous", **query)
    told = found["compared_with"]
    assert (told["since"], told["until"], told["days"]) == ("2026-11-18T00:00:00Z", "2026-11-18T12:00:00Z", 1)
    assert found["totals"] == {
        **{"final": 1, "final_before": 2, "final_change": -1},
        **{"connected": 1, "connected_before": 1, "connected_change": 0},
        **{"connect_rate": 1.0, "connect_rate_before": 0.5, "connect_rate_change": 0.5},
    }
    assert [row["day"] for row in found["rows"]] == ["2026-11-19"]
    assert found["rows"][0]["final_before"] == 2


def test_a_row_of_the_other_period_alone_is_called_as_it_was_there(reader, database):
    """Of attempts to contact ``never`` is a label, and a figure of the totals."""
    with database.write() as session:
        factories.outcome(session, lead_id="1", started_at=NOON - timedelta(days=1))
        factories.outcome(session, lead_id="2", started_at=NOON, disposition="Interested", flags=["contact"])
    query = {"since": "2026-11-18", "until": "2026-11-19", "compare": "previous"}
    rows = answered(reader, "attempts_to_contact", **query)["rows"]
    told = [(row["never"], row["attempt"], row["leads"], row["leads_before"]) for row in rows]
    assert told == [(False, 1, 1, 0), (True, 1, 0, 1)]


def test_of_a_period_of_which_no_rows_are_known_none_is_0(reader, database):
    """Nobody has decided what "Later" means: whether those leads were reached is not known."""
    with database.write() as session:
        for days, said, flags in ((2, "Later", []), (1, "Interested", ["contact"]), (0, "Later", [])):
            at = NOON - timedelta(days=days)
            factories.outcome(session, lead_id=str(days), started_at=at, disposition=said, flags=flags)
    for since, name in (("2026-11-17", "leads_before"), ("2026-11-18", "leads")):
        until = f"{date.fromisoformat(since) + timedelta(days=1)}"
        found = answered(reader, "attempts_to_contact", since=since, until=until, compare="previous")
        (row,) = found["rows"]
        assert {row["leads"], row["leads_before"]} == {1, None} and row[name] is None and row["leads_change"] is None
        assert row["reasons"][name].startswith("Nobody has decided")


def test_what_lists_calls_or_numbers_is_compared_in_its_totals(reader, database):
    """The day before: one promise, two calls at night, and nobody who was called in vain five times."""
    at_night = NOON.replace(hour=23)  # at +33 the next day's first hour
    with database.write() as session:
        for days, night_calls, number in ((1, 2, "+33612345678"), (0, 5, "+33698765432")):
            for at in range(night_calls):
                moment = at_night - timedelta(days=days, minutes=at)
                factories.outcome(
                    session,
                    started_at=moment,
                    customer_number=number,
                    direction="outbound",
                    callback_at=None if at else moment + timedelta(hours=1),
                    disposition="No",
                    flags=["not_interested"],
                )
    query = {"since": "2026-11-18", "until": "2026-11-19", "compare": "previous", "limit": 2}
    expected = {
        "callbacks": ("overdue", 1, 1),
        "compliance": ("out_of_hours", 5, 2),
        "unreachable_numbers": ("numbers", 1, 0),
    }
    for name, (figure, now, before) in expected.items():
        found = answered(reader, name, **query)
        totals, rows = found["totals"], found["rows"]
        told = [totals[figure + part] for part in ("", "_before", "_change")]
        assert told == [now, before, now - before], (name, totals)
        assert rows and not any(part.endswith("_before") for part in rows[0])
        assert found["compared_with"]["since"] == "2026-11-17T00:00:00Z"
    assert answered(reader, "callbacks", **query)["totals"]["kept_rate_before"] == 0
    assert totals["attempts_before"] == 0


def test_rows_of_the_other_period_alone_stand_in_their_places(reader, database):
    hours = {0: (9, 11, 14), 1: (10, 14, 16)}  # by day
    with database.write() as session:
        for days, some in hours.items():
            for hour in some:
                factories.outcome(session, campaign_name="A", started_at=NOON.replace(hour=hour) + timedelta(days=days))
                factories.outcome(session, campaign_id="7", started_at=NOON.replace(hour=hour) + timedelta(days=days))
    query = {"since": f"{NOON + timedelta(days=1):%Y-%m-%d}", "until": f"{NOON + timedelta(days=2):%Y-%m-%d}"}
    rows = answered(reader, "attempts", compare="previous", group_by="campaign,hour", **query)["rows"]
    shown = [(row["campaign_id"], row["hour"], row["attempts"], row["attempts_before"]) for row in rows]
    every = [(9, 0, 1), (10, 1, 0), (11, 0, 1), (14, 1, 1), (16, 1, 0)]
    assert shown == [(campaign, *one) for campaign in ("7", None) for one in every]
