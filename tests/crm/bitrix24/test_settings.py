"""What a destination's table may say."""

import pytest

from crm.bitrix24 import CRM, calls
from service.settings.destinations import destinations_of
from service.settings.mistakes import BadSettings

APP = {"client_id": "a", "client_secret": "b", "refresh_token": "c", "portal_url": "https://acme.bitrix24.com"}
WEBHOOK = {"webhook_url": "https://acme.bitrix24.com/rest/1/hush9/"}


def loaded(**given):
    return destinations_of({"destinations": {"sales": {"kind": "bitrix24", **given}}}, ["ryng-main"])["sales"]


def test_the_defaults():
    own = loaded(**APP).settings
    assert (own["records"], own["line_number"], own["calls"], own["calls_per_batch"]) == ("leads", "wrapup", None, 5)
    assert own["oauth_url"] == "https://oauth.bitrix24.tech"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "webhook_url"),
        (APP | WEBHOOK, "webhook_url"),
        ({**APP, "portal_url": None}, "portal_url"),
        (WEBHOOK | {"portal_url": "https://other.bitrix24.com"}, "portal_url"),
        ({"webhook_url": "https://acme.bitrix24.com/rest/1/"}, "webhook_url"),
        (WEBHOOK | {"calls": "telephony"}, "calls"),
        (APP | {"calls": "sms"}, "calls"),
        (APP | {"records": "quotes"}, "records"),
        (APP | {"category_id": 3}, "category_id"),
        (APP | {"status_codes": {"unknown": "999"}}, "status_codes"),
        (APP | {"line_number": ""}, "line_number"),
        (APP | {"reference_field": "with space"}, "reference_field"),
        (APP | {"calls_per_batch": 17}, "calls_per_batch"),
        ({"client_id": "a", "portal_url": "https://acme.bitrix24.com"}, "client_secret"),
    ],
)
def test_a_mistake_stops_the_start_with_a_sentence_that_names_the_key(given, named):
    with pytest.raises(BadSettings, match=named) as raised:
        loaded(**given)
    assert "\n" not in str(raised.value)
    assert "hush9" not in str(raised.value)


def test_a_webhook_writes_comments_and_an_app_calls():
    assert calls.way(loaded(**WEBHOOK).settings) == "comment"
    assert calls.way(loaded(**APP).settings) == "telephony"
    assert CRM.place(loaded(**APP)) != CRM.place(loaded(**APP, calls="comment"))
    assert CRM.portal(loaded(**APP)) == CRM.portal(loaded(**WEBHOOK)) == "bitrix24 acme.bitrix24.com"
