"""Reports: each figure by hand, days in every zone, and the same answer from both databases."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dialers.base import Connection
from lib import zones as iana
from models import CallOutcome
from queries import counting
from queries import summary as sums
from queries.days import day_text
from queries.expressions import Local
from tests.factories import NOON, minutes, outcome


def summary(database, filters=None, group_by=(), tz="UTC"):
    with database.read() as session:
        return sums.summary(session, filters or {}, group_by, tz)


@pytest.fixture
def calls(database):
    with database.write() as session:
        priya = {"agent_id": "7", "agent_name": "Priya"}
        outcome(session, **priya, talk_seconds=100, flags=["contact", "sale"], disposition="Sold")
        outcome(session, **priya, talk_seconds=51, talk_source="computed", flags=["contact"], disposition="Later")
        # Its name was not told; it is Priya's all the same.
        outcome(session, agent_id="7", settling="awaiting_disposition", talk_seconds=None)
        outcome(session, connect_outcome="voicemail", talk_seconds=9, talk_source="observed")
        outcome(session, connect_outcome="no_answer", talk_seconds=0)
        outcome(session, connect_outcome="unknown", settling="never_disposed")
        outcome(session, connect_outcome="in_progress", settling="provisional")
        merged = {"flags": ["sale"], "talk_seconds": 1000}
        outcome(session, merged_into=outcome(session, connect_outcome="busy").id, **merged)


def test_the_figures(database, calls):
    totals = summary(database)["totals"]
    counts = {name: count for name, count in totals.pop("connect_outcomes").items() if count}
    assert counts == {"connected": 3, "voicemail": 1, "no_answer": 1, "unknown": 1, "busy": 1, "in_progress": 1}
    assert totals == {
        "calls": 8,
        "final_calls": 7,  # all but the one in progress
        "connected": 3,
        "connect_rate": 0.4286,  # 3 / 7
        "contacts": 2,
        "contact_rate": 0.2857,  # 2 / 7
        "sales": 1,
        "talk_seconds": 160,  # 100 + 51 + 9
        "talk_seconds_by_source": {"stated": 100, "computed": 51, "observed": 9},
        "avg_talk_seconds": 75.5,  # (100 + 51) / 2: the third conversation does not say, a voicemail is none
        "awaiting_disposition": 1,
        "provisional": 1,
        "unmapped_dispositions": {"calls": 0, "share": 0.0, "reason": None},
    }


TABLE = {"Sold": ("contact", "sale"), "Later": ("contact",), "Maybe": ()}
SILENT = (
    Connection("mute", "voipex"),
    Connection("never", "ryng", states_dispositions=False),
    Connection("told", "voipex", states_dispositions=True),
)
TABLED, PLAIN = Connection("ryng-main", "ryng", dispositions=TABLE), Connection("plain", "jaicp")
SOLD = {"disposition": "Sold", "flags": ["contact", "sale"]}
MEANINGS = {  # the calls -> contacts, sales, undecided calls, their share, whether a reason is given
    "no calls": ([], (0, 0, 0, None, False)),
    "no dispositions: nothing rests on them": ([{}, {"connection": "plain"}], (0, 0, 0, None, False)),
    "no table": ([{"connection": "plain", "disposition": "Sale"}, {"connection": "plain"}], (None, None, 1, 1.0, True)),
    "not configured": ([{"connection": "gone", "disposition": "Sale"}], (None, None, 1, 1.0, True)),
    "all of it decided": ([SOLD, {"disposition": "Later", "flags": ["contact"]}], (2, 1, 0, 0.0, False)),
    "decided to mean nothing": ([{"disposition": " MAYBE "}], (0, 0, 0, 0.0, False)),
    "decided, but not read again since": ([{"disposition": "Sold"}, SOLD], (1, 1, 1, 0.5, False)),
    "its parent decided to mean nothing": (
        [{"disposition": "x", "disposition_parent": "maybe"}],
        (0, 0, 0, 0.0, False),
    ),
    "one of four undecided": ([SOLD, SOLD, SOLD, {"disposition": "New"}], (3, 3, 1, 0.25, False)),
    "two connections, one without a table": (
        [SOLD, {"connection": "plain", "disposition": "Sold"}],
        (1, 1, 1, 0.5, False),
    ),
    "a word that only another connection's table has": (
        [{"connection": "plain", "disposition": "Maybe"}, {"disposition": "Maybe"}],
        (0, 0, 1, 0.5, False),
    ),
    "none is ever stated": ([{"connection": "mute"}, {"connection": "never"}], (None, None, 0, None, True)),
    "stated all the same": ([{"connection": "mute"}, SOLD | {"connection": "mute"}], (1, 1, 0, 0.0, False)),
    "stated by one of two": ([{"connection": "mute"}, {}], (0, 0, 0, None, False)),
    "one states none, one is undecided": (
        [{"connection": "mute"}, {"connection": "plain", "disposition": "Sale"}],
        (None, None, 1, 1.0, True),
    ),
    "VoIPEX that states them": ([{"connection": "told"}], (0, 0, 0, None, False)),
    "nothing of what was said is decided": (
        [{"disposition": "New"}, {"disposition": "Newer"}],
        (None, None, 2, 1.0, True),
    ),
}


@pytest.mark.parametrize("calls, expected", MEANINGS.values(), ids=MEANINGS)
def test_what_rests_on_undecided_dispositions(database, calls, expected):
    """An unmapped meaning is not zero."""
    with database.write() as session:
        for call in calls:
            outcome(session, **call)
    with database.read() as session:
        configured = {one.name: one for one in (TABLED, PLAIN, *SILENT)}
        totals = sums.summary(session, {}, [], configured=configured)["totals"]
    contacts, sales, undecided, share, explained = expected
    assert (totals["contacts"], totals["sales"]) == (contacts, sales)
    if contacts is None or not calls:
        assert totals["contact_rate"] is None
    else:
        assert totals["contact_rate"] == contacts / len(calls)
    told = totals["unmapped_dispositions"]
    assert (told["calls"], told["share"], told["reason"] is not None) == (undecided, share, explained)


def test_each_row_says_what_it_rests_on(database):
    with database.write() as session:
        outcome(session, **SOLD)
        outcome(session, connection="plain", disposition="Sale")
        outcome(session, connection="silent")
    with database.read() as session:
        rows = sums.summary(session, {}, ["connection"], configured={"ryng-main": TABLED, "plain": PLAIN})["rows"]
    told = [(row["connection"], row["sales"], row["unmapped_dispositions"]["share"]) for row in rows]
    assert told == [("plain", None, 1.0), ("ryng-main", 1, 0.0), ("silent", 0, None)]


def test_without_calls_there_are_no_rates(database):
    found = summary(database, group_by=["day"])
    assert found["rows"] == []
    assert found["totals"]["calls"] == 0
    assert found["totals"]["connect_rate"] is None
    assert found["totals"]["avg_talk_seconds"] is None


def test_an_agent_is_one_row_though_some_calls_lack_the_name(database, calls):
    rows = summary(database, group_by=["agent"])["rows"]
    assert [(row["agent"], row["agent_name"], row["calls"]) for row in rows] == [("7", "Priya", 3), (None, None, 5)]


def test_an_agent_without_a_name_is_shown_by_the_user_name(database):
    with database.write() as session:
        outcome(session, agent_id="7", agent_username="asha@example.test")
        outcome(session, agent_id="8", agent_username="oleh@example.test")
        outcome(session, agent_id="8", agent_name="Oleh")
    rows = summary(database, group_by=["agent"])["rows"]
    assert [(row["agent"], row["agent_name"]) for row in rows] == [("7", "asha@example.test"), ("8", "Oleh")]


def test_a_campaign_is_one_row_though_some_calls_lack_the_name(database):
    with database.write() as session:
        outcome(session, campaign_id="6541", campaign_name="Renewals")
        outcome(session, campaign_id="6541")
        outcome(session, campaign_name="By name only")
        outcome(session, campaign_name="Also by name")
        outcome(session)
    rows = summary(database, group_by=["campaign"])["rows"]
    assert [(row["campaign_id"], row["campaign_name"], row["calls"]) for row in rows] == [
        ("6541", "Renewals", 2),
        (None, "Also by name", 1),
        (None, "By name only", 1),
        (None, None, 1),
    ]


@pytest.mark.parametrize("group", sums.GROUPS)
def test_rows_add_up_to_the_totals(database, calls, group):
    found = summary(database, group_by=[group, "connection"])
    for name in ("calls", "final_calls", "connected", "contacts", "sales", "talk_seconds", "provisional"):
        assert sum(row[name] for row in found["rows"]) == found["totals"][name]
    for row in found["rows"]:
        assert list(row)[: len(sums.GROUPS[group].fields)] == list(sums.GROUPS[group].fields)
        assert sum(row["connect_outcomes"].values()) == row["calls"]


def test_a_group_given_twice_is_one(database, calls):
    assert summary(database, group_by=["day", "day"])["group_by"] == ["day"]


@pytest.mark.parametrize(
    "tz, day",
    [("UTC", "2026-11-18"), ("Asia/Kolkata", "2026-11-19"), ("America/New_York", "2026-11-18")],
)
def test_a_day_is_the_day_of_the_zone(database, tz, day):
    with database.write() as session:
        outcome(session, started_at=datetime(2026, 11, 18, 18, 30, tzinfo=UTC))  # midnight in Kolkata
    assert [row["day"] for row in summary(database, group_by=["day"], tz=tz)["rows"]] == [day]


def test_the_days_of_a_change_of_clocks(database):
    """Kyiv, 2026-10-25: 25 hours long, from 21:00 to 22:00 UTC."""
    with database.write() as session:
        for hour in range(-2, 30):
            outcome(session, started_at=datetime(2026, 10, 24, 21, 30, tzinfo=UTC) + timedelta(hours=hour))
    rows = summary(database, group_by=["day"], tz="Europe/Kyiv")["rows"]
    assert [(row["day"], row["calls"]) for row in rows] == [("2026-10-24", 2), ("2026-10-25", 25), ("2026-10-26", 5)]


def test_both_databases_know_every_zone_that_we_take(database):
    zones = sorted(filter(iana.known, available_timezones()))
    assert len(zones) > 400
    with database.write() as session:
        outcome(session)
    with database.read() as session:
        for zone in zones:
            local = Local(CallOutcome.occurred_at, zone, (NOON - minutes(1), NOON + minutes(1)))
            assert (
                day_text(session.scalar(select(local.day()))) == NOON.astimezone(ZoneInfo(zone)).date().isoformat()
            ), zone


@pytest.mark.parametrize("name", ["", "Mars/Base", "asia/kolkata", "IST-5:30", "localtime", "UTC; DROP TABLE", "\x00"])
def test_what_is_no_zone(name):
    assert not iana.known(name)


@settings(max_examples=300, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2199, 12, 30)),  # noqa: DTZ001
    st.sampled_from(["Asia/Kolkata", "Europe/Kyiv", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_a_zones_changes_are_those_of_its_clocks(moment, zone):
    moment = moment.replace(tzinfo=UTC)
    since, until = moment - timedelta(days=400), moment + timedelta(days=400)
    (*_, offset) = [offset for at, offset in iana.changes(zone, since, until) if at <= moment]
    assert offset == moment.astimezone(ZoneInfo(zone)).utcoffset().total_seconds()


def test_a_report_that_nobody_could_read_is_refused(database, monkeypatch):
    monkeypatch.setattr(counting, "MOST_GROUPS", 3)
    with database.write() as session:
        for at in range(4):
            outcome(session, agent_id=str(at), started_at=NOON + timedelta(days=at))
    for group in ("agent", "day"):
        with pytest.raises(counting.TooManyGroups):
            summary(database, group_by=[group])
    assert len(summary(database, {"agent": ["1", "2", "3"]}, ["agent"])["rows"]) == 3


def test_filters_narrow_a_report(database, calls):
    assert summary(database, {"agent": ["Priya"]})["totals"]["calls"] == 2
    assert summary(database, {"until": NOON - minutes(1)})["totals"]["calls"] == 0
