"""What a destination's table may say."""

import pytest

from service.settings.destinations import destinations_of
from service.settings.mistakes import BadSettings

TABLE = {"kind": "pipedrive", "api_token": "demo"}


def loaded(**more):
    return destinations_of({"destinations": {"sales": TABLE | more}}, ["ryng-main"])["sales"]


def test_the_defaults():
    own = loaded().settings
    assert (own["records"], own["keep_tokens_percent"], own["day_ends_in"]) == ("persons", 10, "UTC")
    assert own["number_searches"] == ["e164", "international", "national", "last_digits"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"records": "companies"}, "records"),
        ({"records": "leads", "reference_field": "abc"}, "reference_field"),
        ({"pipeline_id": 3}, "pipeline_id"),
        ({"outcomes": {"unknown": "answered"}}, "outcomes"),
        ({"number_searches": []}, "number_searches"),
        ({"number_searches": ["last_ten"]}, "number_searches"),
        ({"day_ends_in": "Nowhere/City"}, "day_ends_in"),
        ({"keep_tokens_percent": 100}, "keep_tokens_percent"),
        ({"api_token": "with space"}, "api_token"),
        ({"api_token": None}, "api_token"),
        ({"client_id": "a"}, "api_token"),
        ({"api_token": None, "client_id": "a", "refresh_token": "b"}, "client_secret"),
    ],
)
def test_a_mistake_stops_the_start_with_a_sentence_that_names_the_key(given, named):
    with pytest.raises(BadSettings, match=named) as raised:
        loaded(**given)
    assert "\n" not in str(raised.value)
