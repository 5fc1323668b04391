"""Ringostat's call log, walked against the sandbox: what is cut in silence, clocks that are changed, and errors."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from dialers.asking import Window
from dialers.ringostat.reports import opened
from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, TooOften, Unavailable
from lib.http.exchange import Patience
from tests.dialers.ringostat.stage import FAST, INCOMING, START, project

WINDOW = Window(START - timedelta(hours=4), START)
SLOW = Patience(connect=2, read=10, whole=20)


def test_a_window_that_fits_is_asked_for_once():
    with project(zone="Europe/Kyiv") as ringostat:
        ringostat.ringostat.add(INCOMING, START - timedelta(hours=1), uniqueid="7")
        walked = ringostat.walk(WINDOW)
        (asked,) = ringostat.asked()
    assert (walked.error, walked.keys) == (None, ["7"])
    query = asked["query"]
    assert (query["from"], query["to"]) == ("2026-11-18 08:00:00", "2026-11-18 12:00:01")
    assert (query["export_type"], query["merge"], query["order"]) == ("json", "0", "calldate")
    assert query["fields"].split(",")[:2] == ["uniqueid", "calldate"]


def test_an_empty_log_is_no_error():
    with project() as ringostat:
        assert ringostat.walk(WINDOW).error is None


@pytest.mark.parametrize("calls", [49, 50, 51, 500])
def test_what_does_not_fit_is_asked_for_in_halves_until_it_does(calls):
    """Half of the calls crowd into a minute; several share a second."""
    dice = random.Random(calls)
    with project(limit=50, patience=SLOW) as ringostat:
        for number in range(calls):
            before = dice.uniform(3600, 3660) if number % 2 else dice.uniform(0, 4 * 3600)
            ringostat.ringostat.add(INCOMING, START - timedelta(seconds=before), uniqueid=str(number))
        walked = ringostat.walk(WINDOW)
        asked = ringostat.asked()
    assert walked.error is None
    assert sorted(walked.keys, key=int) == [str(number) for number in range(calls)]
    assert (len(asked) == 1) == (calls < 50)


def test_a_log_that_is_cut_below_its_own_limit_is_found_by_the_configured_one():
    with project(settings={"report_fields": ["uniqueid", "calldate"]}, limit=20, patience=SLOW) as ringostat:
        ringostat.ringostat.limit = 6500
        ringostat.fault(truncates={"value": 20})
        for number in range(90):
            ringostat.ringostat.add(INCOMING, START - timedelta(minutes=number), uniqueid=str(number))
        assert len(set(ringostat.walk(WINDOW).keys)) == 90


def test_a_single_second_that_is_full_is_said_and_hides_no_other_call():
    with project(limit=50, patience=SLOW) as ringostat:
        for number in range(60):
            ringostat.ringostat.add(INCOMING, START - timedelta(hours=1), uniqueid=f"same-{number}")
        for number in range(30):
            ringostat.ringostat.add(INCOMING, START - timedelta(minutes=number), uniqueid=f"other-{number}")
        walked = ringostat.walk(WINDOW)
    assert isinstance(walked.error, Garbled)
    assert "full (50 calls) for a single second" in str(walked.error)
    assert {key for key in walked.keys if key.startswith("other")} == {f"other-{number}" for number in range(30)}
    assert len(walked.keys) == len(set(walked.keys)) == 80


def test_a_log_that_does_not_look_at_the_time_has_an_end():
    with project(limit=50, patience=SLOW) as ringostat:
        for number in range(60):
            ringostat.ringostat.add(INCOMING, START, uniqueid=str(number))
        everything = ringostat.ringostat.log
        ringostat.ringostat.log = lambda start, end: everything("2000", "2100")
        assert isinstance(ringostat.walk(WINDOW).error, Garbled)
        assert len(ringostat.asked()) < 50


# Clocks that are changed ----------------------------------------------------------------------------------------------
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)  # in Kyiv 04:00 becomes 03:00
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 becomes 04:00


@pytest.mark.parametrize("change", [AUTUMN, SPRING])
@pytest.mark.parametrize("limit", [6500, 7])
def test_no_call_is_lost_where_clocks_are_changed(change, limit):
    """Every window of two hours around it, whether it ends before, in or after the hour that is shown twice."""
    with project(zone="Europe/Kyiv", limit=limit, patience=SLOW) as ringostat:
        calls = {}
        for minutes in range(-300, 300, 20):
            at = change + timedelta(minutes=minutes)
            calls[ringostat.ringostat.add(INCOMING, at, uniqueid=str(minutes)).uniqueid] = at
        for minutes in range(-90, 240, 30):
            end = change + timedelta(minutes=minutes)
            window = Window(end - timedelta(hours=2), end)
            walked = ringostat.walk(window)
            inside = {name for name, at in calls.items() if window.start <= at <= window.end}
            assert walked.error is None
            assert inside <= set(walked.keys)
            assert len(walked.keys) == len(set(walked.keys))


# Errors ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unauthorized", CredentialsRefused),
        ("forbidden", CredentialsRefused),
        ("bad_request", AskedWrongly),
        ("not_found", AskedWrongly),
        ("too_many", TooOften),
        ("server_error", Unavailable),
        ("bad_gateway", Unavailable),
        ("unavailable", Unavailable),
        ("redirect", Unavailable),
        ("html", Garbled),
        ("empty", Garbled),
        ("garbled_after", Garbled),
        ("drop", Unavailable),
        ("drop_after", Unavailable),
    ],
)
def test_every_way_to_fail(fault, error):
    with project() as ringostat:
        ringostat.ringostat.add(INCOMING, START)
        ringostat.fault(**{fault: {"value": None}})
        found = ringostat.walk(WINDOW).error
    assert type(found) is error
    assert "demo" not in str(found)


def test_silence_ends():
    with project() as ringostat:
        ringostat.fault(hang={"value": 2})
        assert isinstance(ringostat.walk(WINDOW).error, Unavailable)


def test_the_dialer_says_when_to_ask_again():
    with project() as ringostat:
        ringostat.fault(too_many={"value": "17"})
        assert ringostat.walk(WINDOW).error.retry_after == 17


def test_a_wrong_key():
    with project(settings={"auth_key": "of-somebody-else"}) as ringostat:
        assert isinstance(ringostat.walk(WINDOW).error, CredentialsRefused)


def test_a_column_that_the_project_does_not_have_is_told():
    with project(settings={"report_fields": ["uniqueid", "calldate", "colour"]}) as ringostat:
        error = ringostat.walk(WINDOW).error
    assert isinstance(error, AskedWrongly)
    assert "check report_fields" in str(error)


@pytest.mark.parametrize("body", [b"{}", b'{"error":"incorrect field"}', b"[1", b"[1]2", b"", b"incorrect field", b"1"])
def test_what_is_no_list_is_garbled(body):
    with pytest.raises(Garbled):
        opened(body)


def test_records_are_kept_as_they_stand():
    rows = [b'{"uniqueid": 7,  "a":"\\u00e9"}', '{"b":"є"}'.encode(), b'{"c":"\xe9"}', b"3"]
    assert opened(b" [" + b" ,".join(rows[:2]) + b"] ") == rows[:2]
    assert opened(b"[" + b",".join(rows[2:]) + b"]") == rows[2:]  # which are no UTF-8
    assert opened(b"null") == opened(b"[ ]") == []


def test_numbers_as_texts_are_the_same_call():
    with project(patience=FAST) as ringostat:
        ringostat.ringostat.add(INCOMING, START, uniqueid="7")
        ringostat.fault(strings={})
        assert ringostat.walk(WINDOW).keys == ["7"]
        raw = ringostat.client.calls({"fields": "uniqueid,billsec", "from": "2026-11-18 00:00:00"})
    assert json.loads(raw)[0]["billsec"] == "95"
