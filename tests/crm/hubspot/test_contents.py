"""What is written of a call, in HubSpot's words."""

import pytest

from crm.base import Call
from crm.hubspot import contents
from dialers.vocabulary import CONNECT_OUTCOMES, RETRY_SCHEDULED, UNKNOWN
from sandbox.hubspot.properties import CALL_STATUSES
from tests.crm.hubspot.stage import ASHA, OURS, outcome


def written(**given) -> dict:
    return contents.content(Call("m", "t", outcome(**given), "1"))["properties"]


def test_each_connect_outcome_has_a_status_of_hubspots():
    assert set(CONNECT_OUTCOMES) - set(contents.STATUSES) == {UNKNOWN, RETRY_SCHEDULED}
    assert set(contents.STATUSES.values()) <= set(CALL_STATUSES)
    assert "hs_call_status" not in written(connect_outcome=UNKNOWN)


@pytest.mark.parametrize(
    ("direction", "from_", "to"), [("outbound", OURS, ASHA), ("inbound", ASHA, OURS), (None, None, None)]
)
def test_numbers_stand_by_direction(direction, from_, to):
    said = written(direction=direction)
    assert (said.get("hs_call_from_number"), said.get("hs_call_to_number")) == (from_, to)


@pytest.mark.parametrize(
    ("talk", "duration", "milliseconds"), [(12, 20, "12000"), (0, 20, "0"), (None, 20, "20000"), (None, None, None)]
)
def test_talk_before_duration_in_milliseconds(talk, duration, milliseconds):
    assert written(talk_seconds=talk, duration_seconds=duration).get("hs_call_duration") == milliseconds


@pytest.mark.parametrize("url", [None, "http://rec.example.test/1.mp3", "ftp://x", "/1.mp3"])
def test_a_recording_without_https_is_left_out(url):
    assert "hs_call_recording_url" not in written(recording_url=url)


def test_the_body_says_it_in_the_tenants_words_as_html():
    body = written(disposition="Yes & <no>", disposition_parent="Talks", answered_by="machine")["hs_call_body"]
    assert "Talks / Yes &amp; &lt;no&gt;" in body
    assert "connected, answered by a machine" in body
    assert "Renewals" in body
    assert "ryng (ryng-main)" in body


def test_notes_of_any_length_fit():
    assert len(written(notes="<" * 200_000)["hs_call_body"]) < 65_536
    # As HubSpot counts.
    assert len(written(notes="\U0001f600" * 60_000)["hs_call_body"].encode("utf-16-le")) < 2 * 65_536


def test_every_value_is_a_text():
    assert all(isinstance(value, str) and value for value in written().values())
