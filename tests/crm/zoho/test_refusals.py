"""Whom Zoho says not to call: leads and contacts whose field says so, all of them or none."""

from dataclasses import replace

import pytest

from crm.base import NotSetUp
from crm.zoho import refusals
from lib.http.errors import WalkStuck
from tests.crm.checks import listed, wrong
from tests.crm.samples import ASHA
from tests.crm.zoho.stage import stage

BHARAT, FIELD = "+91 98200 12345", "Do_Not_Call"
SETTINGS = {"do_not_call_field": FIELD}


@pytest.fixture
def account():
    with stage(SETTINGS) as found:
        for module in ("Leads", "Contacts"):
            found.zoho.add_field(module, FIELD, "boolean")
        yield found


def test_leads_and_contacts_of_which_the_field_says_so_are_listed_with_all_their_numbers(account):
    asha = account.lead(Phone=ASHA, Mobile=BHARAT, **{FIELD: True})
    bharat = account.contact(Phone=BHARAT, **{FIELD: True})
    other = account.lead(Phone=ASHA, **{FIELD: False})
    gone = account.lead(Phone=ASHA, **{FIELD: True})
    account.zoho.delete("Leads", gone)
    assert refusals.wanted(account.destination)
    assert listed(account) == {asha: (ASHA, BHARAT), bharat: (BHARAT,)}
    # Who is deleted has taken nothing back.
    assert refusals.still(account.client, [asha, bharat, other, gone]) == {
        asha: True,
        bharat: True,
        other: False,
        gone: True,
    }


def test_a_value_of_a_list_says_so_too():
    with stage({"do_not_call_field": "Consent", "do_not_call_value": "Don't \\ call"}) as account:
        account.zoho.add_field("Leads", "Consent", "text")
        asha = account.lead(Phone=ASHA, Consent="Don't \\ call")
        account.lead(Phone=ASHA, Consent="Yes")
        assert listed(account) == {asha: (ASHA,)}


def test_without_a_field_nobody_is_asked():
    with stage() as account:
        assert not refusals.wanted(account.destination)


def test_more_than_a_page_and_a_page_that_comes_again(account, monkeypatch):
    monkeypatch.setattr(refusals, "MOST", 3)
    wanted = {account.lead(Phone=ASHA, **{FIELD: True}) for _ in range(7)}
    assert set(listed(account)) == wanted
    first = account.client.query(
        f"select Phone, {FIELD} from Leads where ({FIELD} = true and id > '0') order by id limit 3"
    )
    monkeypatch.setattr(account.client, "query", lambda text: first)
    with pytest.raises(WalkStuck):
        listed(account)


def test_a_field_that_nobody_has_is_one_sentence_and_takes_nobody_off():
    with stage(SETTINGS) as account:
        with pytest.raises(NotSetUp, match="do_not_call_field"):
            refusals.still(account.client, ["1"])
        account.destination = replace(account.destination, log_calls=False)
        (todo,) = wrong(account).values()
        assert "do_not_call_field" in todo
