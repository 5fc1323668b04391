"""``[destinations.<name>]``: what it comes to, and one sentence for each mistake; nothing is sent before it is right."""

from datetime import UTC, datetime

import pytest

from crm.destination import FINAL, SETTLED, Rule
from service.settings.destinations import KINDS, destinations_of
from service.settings.mistakes import BadSettings

HUBSPOT = {"kind": "hubspot", "access_token": "pat-eu1-0123456789abcdef"}
STATUS = {"hs_lead_status": "CONNECTED"}


def one(**given):
    return destinations_of({"destinations": {"sales": HUBSPOT | given}}, ["ryng-main", "qvoice-main"])["sales"]


def test_what_is_not_said_is_as_documented():
    found = one()
    assert (found.kind, found.connections, found.when, found.since) == ("hubspot", (), SETTLED, None)
    assert (found.log_calls, found.find_by, found.not_found) == (True, ("crm_reference", "number"), "hold")
    assert (found.status, found.own_numbers, dict(found.owners)) == ((), frozenset(), {})


def test_what_is_said_is_read():
    found = one(
        connections=["ryng-main"],
        when="final",
        since="2026-11-01",
        own_numbers=["+91 11 4000 1122"],
        owners={"asha@example.test": "12345"},
        never_back={"hs_lead_status": ["NEW", "CONNECTED"]},
        status={
            "flag:sale": STATUS,
            "disposition:Wrong number": {"hs_lead_status": "BAD_TIMING"},
            "no_answer": {"hs_lead_status": "ATTEMPTED", "only_from": ["NEW", "OPEN"]},
        },
    )
    assert (found.when, found.since, found.own_numbers) == (FINAL, datetime(2026, 11, 1, tzinfo=UTC), {"+911140001122"})
    assert found.status == (
        Rule("flag", "sale", STATUS),
        Rule("disposition", "Wrong number", {"hs_lead_status": "BAD_TIMING"}),
        Rule("connect_outcome", "no_answer", {"hs_lead_status": "ATTEMPTED"}, ("NEW", "OPEN")),
    )
    assert found.never_back == {"hs_lead_status": ("NEW", "CONNECTED")}


def test_several_of_one_kind_stand_beside_each_other():
    tables = {"sales": HUBSPOT, "service": HUBSPOT}
    assert [found.name for found in destinations_of({"destinations": tables}, []).values()] == ["sales", "service"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "hubspott"}, f"kind: Must be one of: {', '.join(KINDS)}"),
        ({"acess_token": "x"}, "acess_token: There is no such key; perhaps access_token is meant"),
        ({"connections": ["ryng"]}, "connections: There is no connection ryng"),
        ({"flags": ["sales"]}, "flags"),
        ({"connect_outcomes": ["answered"]}, "connect_outcomes"),
        ({"when": "now"}, "when: Must be one of: final, settled"),
        ({"since": "yesterday"}, "since: Must be a day such as 2026-11-01"),
        ({"since": "2026-11-01T08:00:00"}, "since: Must be a day"),  # of which zone?
        ({"since": 20261101}, "since: Must be a day"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since: Must be a day"),  # there is no such moment in UTC
        ({"own_numbers": ["040001122"]}, "own_numbers: Not a number with its country's code"),
        ({"find_by": []}, "find_by"),
        ({"find_by": ["name"]}, "find_by"),
        ({"not_found": "create"}, "not_found: Must be one of: hold, skip"),
        ({"log_calls": "yes"}, "log_calls: Neither true nor false"),
        ({"status": {"answered": STATUS}}, "answered: Must be a connect outcome"),
        ({"status": {"flag:sold": STATUS}}, "flag:sold: Must be flag: and one of"),
        ({"status": {"flags:sale": STATUS}}, "flags:sale: Must be flag:"),
        ({"status": {"disposition: ": STATUS}}, "Must be flag:"),
        ({"status": {"flag:sale": {}}}, "flag:sale: Must say what is set"),
        ({"status": {"flag:sale": {"only_from": ["NEW"]}}}, "flag:sale: Must say what is set"),
        ({"status": {"flag:sale": {"hs_lead_status": 3}}}, "flag:sale: Must say what is set"),
        ({"status": {"flag:sale": STATUS | {"only_from": "NEW"}}}, "only_from must be a list"),
        ({"status": {"flag:sale": "CONNECTED"}}, "status"),
        ({"access_token": "change-me"}, "is still what the example says"),
    ],
)
def test_a_mistake_is_one_sentence(given, said):
    with pytest.raises(BadSettings) as error:
        one(**given)
    assert said in str(error.value)
    assert str(error.value).startswith("[destinations.sales")
    assert "\n" not in str(error.value)
    assert HUBSPOT["access_token"] not in str(error.value)


@pytest.mark.parametrize("tables", [{"a b": HUBSPOT}, {"sales": []}, [], {"x" * 65: HUBSPOT}])
def test_names_and_tables(tables):
    with pytest.raises(BadSettings):
        destinations_of({"destinations": tables}, [])


def test_what_has_no_records_has_no_status():
    hook = {"kind": "webhook", "url": "https://example.com/hook", "secrets": ["whsec_" + "c2Fu" * 8]}
    with pytest.raises(BadSettings, match="has no records to set a status of"):
        destinations_of({"destinations": {"hook": hook | {"status": {"flag:sale": STATUS}}}}, [])
