"""What a destination's table may say."""

import pytest

from service.settings.destinations import destinations_of
from service.settings.mistakes import BadSettings

TABLE = {"kind": "salesforce", "api_url": "https://acme.my.salesforce.com", "client_id": "a", "client_secret": "b"}


def loaded(**more):
    given = {name: value for name, value in (TABLE | more).items() if value is not None}
    return destinations_of({"destinations": {"sales": given}}, ["ryng-main"])["sales"]


def test_the_defaults():
    own = loaded().settings
    assert (own["external_id_field"], own["records"]) == ("Wrapup_Outcome_Id__c", ["Contact", "Lead"])
    assert (own["keep_requests_percent"], own["api_version"], own["time_zone"]) == (10, "68.0", None)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"api_url": None}, "api_url"),
        ({"api_url": "https://[::1"}, "api_url: Not an address"),
        ({"api_url": "https://login.salesforce.com"}, "api_url: Must be the org's My Domain"),
        ({"api_url": "https://acme.lightning.force.com"}, "api_url: Must be the org's My Domain"),
        ({"client_secret": None}, "client_secret"),
        ({"username": "a@b"}, "username"),
        ({"private_key_file": "/nowhere/key.pem"}, "private_key_file"),
        ({"external_id_field": "Wrapup Outcome"}, "external_id_field"),
        ({"external_id_field": "", "leave_out": ["CallObject"]}, "leave_out"),
        ({"leave_out": ["Subject"]}, "leave_out"),
        ({"records": ["Account"]}, "records"),
        ({"number_searches": []}, "number_searches"),
        ({"api_version": "v68.0"}, "api_version"),
        ({"time_zone": "Nowhere/City"}, "time_zone"),
        ({"keep_requests_percent": 100}, "keep_requests_percent"),
        ({"dispositions": {"flag:dnc": ""}}, "dispositions"),
    ],
)
def test_a_mistake_stops_the_start_with_a_sentence_that_names_the_key(given, named):
    with pytest.raises(BadSettings, match=named) as raised:
        loaded(**given)
    assert "\n" not in str(raised.value)
