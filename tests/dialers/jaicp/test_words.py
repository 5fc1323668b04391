"""JAICP's words: a row in, what it says out. The payload files restate the documented columns with own values."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dialers.base import Connection, Evidence, Unreadable
from dialers.jaicp.words import read
from dialers.vocabulary import CONNECT_OUTCOMES, FACTS

PAYLOADS = Path(__file__).parents[2] / "payloads" / "jaicp"
JAICP = Connection(
    "jaicp-bot",
    "jaicp",
    settings={"crm_reference_field": "Имя"},
    dispositions={"согласен на продление": ("contact", "sale")},
)


def payload(name: str) -> dict:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def reading(body, kind="jobs", connection=JAICP, campaign="renewals"):
    if isinstance(body, str):
        body = (PAYLOADS / f"{body}.json").read_bytes()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(Evidence("report", kind, raw, context={"campaign": campaign} if campaign else None), connection)


def facts_of(body, connection=JAICP):
    return reading(body, connection=connection).events[0].facts


def job(**columns) -> dict:
    return {"id": 1, "phone": 79110000001, "jobStatus": "noAnswer", "finishedAt": 1795000402000} | columns


def test_a_job_with_a_result():
    ended, disposed = reading("job_with_result").events
    assert (ended.kind, disposed.kind) == ("call_ended", "disposed")
    assert ended.keys == disposed.keys == ("job:renewals/120714",)
    assert ended.attempt == disposed.attempt == "120714"
    assert ended.happened_at is disposed.happened_at is None  # the version seen last wins
    assert ended.facts == {
        "call_id": "120714",
        "attempt_id": "120714",
        "lead_id": "120714",
        "campaign_id": "renewals",
        "direction": "outbound",
        "customer_number": "+79110000001",
        "customer_number_raw": "79110000001",
        "started_at": "2026-11-18T11:12:52Z",
        "ended_at": "2026-11-18T11:13:51.5Z",
        "duration_seconds": 48,
        "talk_seconds": 48,
        "connect_outcome": "connected",
        "status_raw": "longCallWithResult",
        "custom_fields": {"Имя": "Алексей", "Оценка": "5", "Перезвонить": "false", "Товары": '["A", "B"]'},
        "crm_reference": "Алексей",
    }
    assert disposed.facts == {"disposition": "Согласен на продление", "flags": ["contact", "sale"]}


def test_what_a_failed_attempt_left_behind_ends_nothing():
    (milestone,) = reading("job_on_retry").events
    assert milestone.kind == "milestone"
    assert milestone.facts == {
        "call_id": "120715",
        "attempt_id": "120715",
        "lead_id": "120715",
        "campaign_id": "renewals",
        "direction": "outbound",
        "customer_number": "+16500000000",
        "customer_number_raw": "16500000000",
        "started_at": "2026-11-18T11:12:52Z",
        "connect_outcome": "retry_scheduled",
        "status_raw": "onRetry",
        "_result": "Nobody there",
    }


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        ("planned", "milestone", "pending"),
        ("inProcess", "milestone", "in_progress"),
        ("onRetry", "milestone", "retry_scheduled"),
        ("longCallWithResult", "call_ended", "connected"),
        ("longCallWithNoResult", "call_ended", "connected"),
        ("noAnswer", "call_ended", "no_answer"),
        ("nonexistentNumber", "call_ended", "invalid_number"),
        ("canceled", "call_ended", "canceled"),
        ("notDone", "call_ended", "canceled"),
    ],
)
def test_each_documented_status(status, kind, outcome):
    (event,) = reading(job(jobStatus=status, finishedAt=None, callDuration=7)).events
    assert (event.kind, event.facts["connect_outcome"], event.facts["status_raw"]) == (kind, outcome, status)
    assert event.facts.get("talk_seconds") == (7 if outcome == "connected" else None)
    assert event.facts.get("duration_seconds") == (7 if kind == "call_ended" else None)
    assert event.facts["connect_outcome"] in CONNECT_OUTCOMES


def test_a_word_that_nobody_knows_is_unknown_once_the_job_has_ended():
    (ended,) = reading(job(jobStatus="shortCall")).events
    assert (ended.kind, ended.facts["connect_outcome"], ended.facts["status_raw"]) == (
        "call_ended",
        "unknown",
        "shortCall",
    )
    (open_one,) = reading(job(jobStatus="waiting", finishedAt=None)).events
    assert (open_one.kind, open_one.facts["_word"]) == ("milestone", "waiting")
    assert "connect_outcome" not in open_one.facts


def test_the_tenants_meaning_goes_first():
    tenant = replace(JAICP, words={"short call": "voicemail", "NOTDONE": "pending"})
    assert facts_of(job(jobStatus="Short_Call"), tenant)["connect_outcome"] == "voicemail"
    (event,) = reading(job(jobStatus="notDone"), connection=tenant).events
    assert (event.kind, event.facts["connect_outcome"]) == ("milestone", "pending")


@pytest.mark.parametrize(
    ("phone", "country", "number"),
    [
        (79110000001, None, "+79110000001"),
        ("+7 911 000-00-01", None, "+79110000001"),
        ("4512345678", None, "+4512345678"),  # ten digits with their country's code
        ("89110000001", "RU", "+79110000001"),  # national: no country has the code 89
        (None, None, None),
        ("anonymous", "RU", None),
    ],
)
def test_numbers_are_international_unless_they_cannot_be(phone, country, number):
    facts = facts_of(job(phone=phone), replace(JAICP, default_country=country))
    assert facts.get("customer_number") == number


def test_a_number_in_an_exponent_never_becomes_a_float():
    assert "customer_number" not in facts_of(b'{"id":1,"phone":7.911E10,"jobStatus":"noAnswer"}')


def test_ids_are_texts_and_may_be_large():
    assert facts_of(b'{"id":900719925474099300001,"jobStatus":"noAnswer"}')["lead_id"] == "900719925474099300001"


def test_a_key_written_twice_is_told():
    facts = facts_of(b'{"id":1,"jobStatus":"noAnswer","callResult":"a","callResult":"b"}')
    assert facts["_conflicts"] == {"callResult": ["a", "b"]}


@pytest.mark.parametrize("report_data", [None, [], "text", {}, {"A": None, "B": "  "}])
def test_no_report_data_is_no_fact(report_data):
    assert "custom_fields" not in facts_of(job(reportData=report_data))


def test_every_fact_is_one_of_ours():
    for body in ("job_with_result", "job_on_retry"):
        for event in reading(body).events:
            assert {name for name in event.facts if not name.startswith("_")} <= set(FACTS)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "unparseable"),
        (b"[1]", "not_an_object"),
        (b'{"phone":79110000001,"jobStatus":"noAnswer"}', "no_job_id"),
        (b'{"id":"' + b"7" * 201 + b'"}', "bad_identifier"),
        (b'{"id":7,"jobStatus":"noAnswer","id":8}', "bad_identifier"),
        (b'{"id":"{{jobId}}","jobStatus":"noAnswer"}', "no_job_id"),
        (b'{"id":"\xe9","callResult":"ok"}', "bad_identifier"),
    ],
)
def test_what_cannot_be_understood_says_why(body, reason):
    with pytest.raises(Unreadable) as caught:
        reading(body)
    assert caught.value.reason == reason


def test_a_campaigns_totals():
    (seen,) = reading("campaign", "campaigns").campaigns
    assert (seen.campaign_id, seen.name, seen.status, seen.total_leads) == (
        "renewals",
        "Renewals autumn",
        "inProcess",
        250,
    )
    assert seen.leads_by_status == {"processedNumbers": 118, "inProcessCalls": 10, "retryCalls": 17}


def test_a_campaign_without_a_report_or_a_name_of_ours():
    (seen,) = reading({"id": 7, "status": "planned"}, "campaigns").campaigns
    assert (seen.total_leads, seen.leads_by_status) == (None, {})
    with pytest.raises(Unreadable):
        reading("campaign", "campaigns", campaign=None)


def test_attempts_are_kept_and_not_understood():
    assert reading({"callJobId": 1}, "attempts").ignored == "attempt_report"
    assert reading(b"anything", "attempts").ignored == "attempt_report"


def test_there_are_no_other_reports():
    with pytest.raises(Unreadable):
        reading({}, "leads")
