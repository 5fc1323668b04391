"""Whom Bitrix24 says not to call: records whose field says so, all of them or none."""

from dataclasses import replace

import pytest
from marshmallow import ValidationError

from crm.base import NotSetUp
from crm.bitrix24 import Settings, refusals
from lib.http.errors import WalkStuck
from tests.crm.bitrix24.stage import stage
from tests.crm.checks import listed, wrong
from tests.crm.samples import ASHA

BHARAT, FIELD = "+91 98200 12345", "ufCrm_1720019870001"
SETTINGS = {"do_not_call_field": FIELD}


@pytest.fixture
def account():
    with stage(SETTINGS) as found:
        found.portal.add_field("leads", FIELD, "boolean")
        yield found


def test_records_of_which_the_field_says_so_are_listed_with_all_their_numbers(account):
    asha = account.portal.add(phone=f"{ASHA},{BHARAT}", **{FIELD: "Y"})
    other = account.portal.add(phone=BHARAT, **{FIELD: "N"})
    gone = account.portal.add(phone=BHARAT, **{FIELD: "Y"})
    account.portal.delete("leads", gone)
    assert refusals.wanted(account.destination)
    assert listed(account) == {asha: (ASHA, BHARAT)}
    # Who is deleted has taken nothing back.
    assert refusals.still(account.client, [asha, other, gone]) == {asha: True, other: False, gone: True}


def test_without_a_field_nobody_is_asked():
    with stage() as account:
        assert not refusals.wanted(account.destination)


def test_more_than_a_page_and_a_page_that_comes_again(account, monkeypatch):
    wanted = {account.portal.add(phone=ASHA, **{FIELD: "Y"}) for _ in range(101)}
    assert set(listed(account)) == wanted
    ask, asked = account.client.ask_list, []

    def first(method, params, inside=None):
        if "filter" in params:
            asked.append(params)
        return ask(method, asked[0] if "filter" in params else params, inside)

    monkeypatch.setattr(account.client, "ask_list", first)
    with pytest.raises(WalkStuck):
        listed(account)


def test_a_field_that_nobody_has_is_one_sentence_and_takes_nobody_off():
    with stage(SETTINGS) as account:
        with pytest.raises(NotSetUp, match="do_not_call_field"):
            refusals.still(account.client, ["1"])
        account.destination = replace(account.destination, log_calls=False)
        (todo,) = wrong(account).values()
        assert "do_not_call_field" in todo


def test_deals_have_no_numbers():
    way = {"webhook_url": "https://acme.bitrix24.com/rest/1/secret/"}
    with pytest.raises(ValidationError, match="no numbers"):
        Settings().load({**way, **SETTINGS, "records": "deals"})
