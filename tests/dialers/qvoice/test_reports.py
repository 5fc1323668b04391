"""QVoice's reports, walked against the sandbox: every shape of an answer, every way a walk ends."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from dialers.asking import Window
from dialers.qvoice.envelopes import opened
from lib.http.errors import Garbled, WalkStuck
from tests.dialers.qvoice.portal import START, WINDOW, portal, row

PAYLOADS = Path(__file__).parents[2] / "payloads" / "qvoice"
SEVEN = [f"call:call-{number}" for number in range(7, 0, -1)]  # QVoice lists the latest first


def test_a_walk_asks_page_by_page_within_one_frozen_window(filled):
    walked = filled.walk()
    assert walked.error is None
    assert walked.keys == SEVEN
    assert [len(page.records) for page in walked.pages] == [3, 3, 1]
    first, *later = [request.query for request in filled.asked()]
    assert first == {"startDate": str(int(START.timestamp())), "endDate": "1795010400", "pageSize": "3"}
    assert [request | {"startKey": None} for request in later] == [first | {"startKey": None}] * 2
    assert len({request["startKey"] for request in later}) == 2
    assert int(WINDOW.end.timestamp()) == 1795010400


def test_the_fields_to_select_are_sent_where_they_are_configured():
    with portal(settings={"report_fields": ["call_id", "agent_disposition"]}) as found:
        found.walk()
        assert found.asked()[0].query["fields"] == "call_id,agent_disposition"


@pytest.mark.parametrize("shape", ["cdrs", "rows", "keyed", "keyed_data"])
def test_every_shape_that_names_its_next_page(filled, shape):
    filled.fault(**{shape: True})
    walked = filled.walk()
    assert (walked.error, walked.keys) == (None, SEVEN)
    listed = [record.context for record in walked.records]
    assert listed[0] == ({"listed_under": "000000000007"} if "keyed" in shape else None)


@pytest.mark.parametrize("end", ["next_null", "next_empty", "one_more_page"])
def test_every_way_to_say_that_there_is_no_more(filled, end):
    filled.fault(**{end: True})
    walked = filled.walk()
    assert (walked.error, walked.keys) == (None, SEVEN)


def test_nothing_at_all_is_an_empty_page(filled):
    filled.qvoice.faults.set({"null": {}})
    before = Window(START - timedelta(days=2), START - timedelta(days=1))
    assert filled.walk(window=before).records == []
    filled.fault()
    assert filled.walk(window=before).error is None


def test_a_full_bare_array_is_asked_for_in_halves(filled):
    """The documented answer cannot name a next page: the latest three of seven calls would be all that is ever seen."""
    filled.fault(array=True)
    walked = filled.walk()
    assert walked.error is None
    assert set(walked.keys) == set(SEVEN)
    assert [page.warning for page in walked.pages] == [None] * len(walked.pages)


def test_an_array_that_ignores_the_window_is_taken_with_a_warning(filled):
    filled.fault(array=True, no_window=True)
    walked = filled.walk()
    assert set(walked.keys) == set(SEVEN[:3])
    assert "some calls may be missing" in walked.pages[-1].warning
    assert len(filled.asked()) == 3  # the whole and its halves: nothing is asked for ever


def test_calls_of_one_second_cannot_be_halved():
    with portal() as found:
        for number in range(5):
            found.qvoice.add(row(number, at=START + timedelta(minutes=1)))
        found.fault(array=True)
        walked = found.walk()
        assert walked.error is None
        assert "Raise page_size" in next(page.warning for page in walked.pages if page.warning)
        assert len(found.asked()) < 60


def test_a_page_that_comes_again_stops_the_walk_and_what_came_before_stays(filled):
    filled.fault(repeated_key=True)
    walked = filled.walk()
    assert isinstance(walked.error, WalkStuck)
    assert walked.keys == SEVEN[:6]
    assert len(filled.asked()) == 2


def test_duplicates_across_pages_are_passed_on(filled):
    filled.fault(duplicates=True)
    assert filled.walk().keys == [*SEVEN[:3], *SEVEN[2:6], *SEVEN[5:]]


def test_milliseconds_and_texts_give_the_same_keys():
    with portal() as found:
        found.qvoice.add(row(1, call_id=None))
        plain = found.walk().keys
        assert plain == ["row:Renewals|+15550100001|1794996060"]
        found.fault(milliseconds=True)
        assert found.walk().keys == plain
        found.fault(strings=True)
        assert found.walk().keys == plain


def test_records_are_cut_out_byte_for_byte():
    written = '{ "call_id":"c1",  "x":1, "x":2, "name":"Zo\\u00eb é 名", "n":1.50e3 ,"l":[ ] }'
    with portal() as found:
        found.qvoice.add(written, timestamp=START.timestamp() + 60)
        found.qvoice.add("[1,2]", timestamp=START.timestamp() + 30)
        found.qvoice.add("null", timestamp=START.timestamp() + 20)
        records = found.walk().records
    assert [record.body for record in records] == [written.encode(), b"[1,2]", b"null"]
    assert [record.key for record in records] == ["call:c1", None, None]


def test_a_key_that_no_database_stores_is_cleaned():
    with portal() as found:
        found.qvoice.add('{"call_id":"c\\u0000\\ud8001"}', timestamp=START.timestamp() + 60)
        assert found.walk().keys == ["call:c\ufffd\ufffd1"]


def test_a_byte_that_is_no_utf8_spoils_its_own_record_only(filled):
    filled.fault(bad_utf8={"times": 1, "path": "history"})
    walked = filled.walk()
    assert walked.error is None
    assert walked.keys == SEVEN  # it is not its id that is spoiled
    assert b'"lead_name": "\xe9Ada' in walked.records[0].body


# The other reports ----------------------------------------------------------------------------------------------------
def test_leads_are_walked_for_every_campaign():
    with portal() as found:
        found.qvoice.furnish(leads=5, past_calls=0)
        walked = found.walk("leads", None)
        one, two = found.qvoice.campaigns
        assert [record.context for record in walked.records] == [{"campaign_id": one}] * 5 + [{"campaign_id": two}] * 5
        assert [len(page.records) for page in walked.pages] == [3, 2, 3, 2]
        assert [sorted(request.query) for request in found.asked(one)] == [
            ["page_size"],
            ["next_start_key", "page_size"],
        ]
        lead = next(iter(found.qvoice.campaigns[one].leads))
        assert json.loads(walked.records[0].key) == [one, lead]


def test_a_campaign_that_fails_does_not_hide_the_others():
    with portal() as found:
        found.qvoice.furnish(leads=2, past_calls=0)
        one, two = found.qvoice.campaigns
        found.fault(not_found={"path": one})
        walked = found.walk("leads", None)
        assert [record.context["campaign_id"] for record in walked.records] == [two, two]
        assert walked.error.error_id == "asked_wrongly"
        assert "404" in str(walked.error)


def test_campaign_totals_keep_a_status_that_is_written_twice():
    with portal() as found:
        found.qvoice.furnish(leads=3, past_calls=0)
        found.fault(duplicate_status=True)
        records = found.walk("campaign_status", None).records
        assert [record.key for record in records] == list(found.qvoice.campaigns)
        assert [record.context for record in records] == [{"listed_under": key} for key in found.qvoice.campaigns]
        assert [record.body.count(b'"success"') for record in records] == [2, 2]


def test_queues():
    with portal() as found:
        found.qvoice.furnish(leads=1, past_calls=0)
        records = found.walk("queue_status", None).records
        assert [record.key for record in records] == [queue["id"] for queue in found.qvoice.queues]


# Envelopes ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "bodies", "next_key"),
    [
        (b"[]", [], None),
        (b"null", [], None),
        (b"{}", [], None),
        (b'{"data":null,"next_start_key":"k"}', [], "k"),
        (b'\xef\xbb\xbf[{"a":1}]', [b'{"a":1}'], None),
        (b'{"rows":[1],"next_start_key":["2026",{"x":1}]}', [b"1"], '["2026",{"x":1}]'),
        (b'{"rows":[1],"next_start_key":12}', [b"1"], "12"),
        (b'{"rows":[1],"next_start_key":false}', [b"1"], None),
        (b'{"rows":[1],"next_start_key":"a\\u0026b"}', [b"1"], "a&b"),
        (b'{"data":[1],"data":[2]}', [b"1", b"2"], None),
        (b'{"a":{"x":1},"a":{"x":2},"page_size":2,"next_start_key":"n"}', [b'{"x":1}', b'{"x":2}'], "n"),
        (b'{"data":{"a":{"x":1}}}', [b'{"x":1}'], None),
        (b'{"data":[1],"error":null,"errors":[],"status":"success"}', [b"1"], None),
        (b'{"data":[1],"message":"2 calls"}', [b"1"], None),
    ],
)
def test_envelopes(body, bodies, next_key):
    found = opened(body, "GET /x")
    assert ([record.body for record in found.records], found.next_key) == (bodies, next_key)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b"<html>", "web page"),
        (b"[1,2", "not JSON"),
        (b"[1] [2]", "not JSON"),
        (b'{"data":[1}', "not JSON"),
        (b'"text"', "shape"),
        (b"17", "shape"),
        (b'{"result":[1]}', "shape"),
        (b'{"data":"x"}', "shape"),
        (b'{"data":{"a":1}}', "shape"),
        (b'{"error":{"code":1}}', "shape"),
        (b'{"c1":{"name":"Renewals"},"error":"half of it"}', "shape"),
        (b'{"c1":{"name":"Renewals"},"others":[1]}', "shape"),
        (b'{"message":"nope"}', "shape"),
        (b'{"data":null,"error":"500"}', "shape"),
        (b'{"data":{},"status":"error","message":"datastore timeout"}', "shape"),
        (b'{"data":[],"success":false}', "shape"),
        (b"[" * 100_000, "not JSON"),
        ((PAYLOADS / "page_smart_quotes.txt").read_bytes(), "not JSON"),
        (b'{"data":[1],"next_start_key":"' + b"k" * 5000 + b'"}', "5000 characters"),
    ],
)
def test_an_answer_that_nobody_can_read_is_garbled(body, words):
    with pytest.raises(Garbled, match=words) as caught:
        opened(body, "GET /x")
    assert "datastore" not in str(caught.value)  # sentences never repeat bodies
