"""Dispositions and owners: looked up in the account's own lists."""

import pytest

from crm.base import Done
from sandbox.hubspot.properties import DISPOSITIONS
from tests.crm.hubspot.stage import ASHA, call, stage


def disposition(account, **given) -> str | None:
    contact = account.hubspot.add_contact(phone=ASHA)
    account.log(call("d", contact, **given))
    return account.hubspot.call("d")["properties"].get("hs_call_disposition")


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({"connect_outcome": "no_answer", "disposition": None, "flags": []}, "No answer"),
        ({"connect_outcome": "voicemail", "disposition": None, "flags": []}, "Left voicemail"),
        ({"disposition": "busy"}, "Busy"),
        ({"disposition": "Not him", "flags": ["wrong_number"]}, "Wrong number"),
        ({"connect_outcome": "failed", "disposition": None, "flags": []}, None),
    ],
)
def test_a_disposition_is_one_of_the_accounts_own(given, label):
    with stage() as account:
        assert disposition(account, **given) == DISPOSITIONS.get(label)


def test_what_the_table_says_comes_first():
    table = {"disposition:Interested": "Left live message", "flag:sale": DISPOSITIONS["Busy"]}
    with stage(settings={"dispositions": table}) as account:
        assert disposition(account) == DISPOSITIONS["Left live message"]
        assert disposition(account, disposition="Bought") == DISPOSITIONS["Busy"]


def test_an_owner_is_asked_for_once_and_so_is_one_who_is_not_there():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.hubspot.add_owner("asha@example.test", id="9")
        for at in range(3):
            account.log(call(f"a{at}", contact), call(f"b{at}", contact, agent={"email": "nobody@example.test"}))
        assert account.asked("/crm/owners") == 2
        assert account.hubspot.call("a0")["properties"]["hubspot_owner_id"] == "9"
        assert "hubspot_owner_id" not in account.hubspot.call("b0")["properties"]


def test_a_token_that_may_not_see_owners_logs_calls_without():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(scope_missing={"path": "owners"}, forbidden={"path": "dispositions"})
        (result,) = account.log(call("m1", contact))
        assert isinstance(result, Done)


def test_dispositions_are_read_from_their_property_where_they_have_no_list_of_their_own():
    with stage() as account:
        account.faults(not_found={"path": "/calling/"})
        assert disposition(account) == DISPOSITIONS["Connected"]
