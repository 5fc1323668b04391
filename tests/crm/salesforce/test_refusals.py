"""Whom Salesforce says not to call: contacts and open leads, all of them or none."""

import pytest

from crm.base import NotSetUp
from crm.salesforce import refusals
from tests.crm.checks import listed
from tests.crm.salesforce.stage import stage
from tests.crm.samples import ASHA


@pytest.fixture
def account():
    with stage({"do_not_call": True}) as found:
        yield found


def test_who_says_so_is_listed_with_all_numbers_and_asked_again_by_id(account):
    lead = account.org.add("Lead", Phone=ASHA, MobilePhone="+91 98200 12345", DoNotCall=True)
    contact = account.org.add("Contact", HomePhone=ASHA, DoNotCall=True)
    calls, converted = account.org.add("Lead", Phone=ASHA), account.org.add("Lead", Phone=ASHA, DoNotCall=True)
    account.org.convert(converted)
    assert refusals.wanted(account.destination)
    assert listed(account) == {lead: ("+91 98200 12345", ASHA), contact: (ASHA,)}
    account.org.delete("Contact", contact)
    wanted = {lead: True, contact: True, calls: False, converted: True}  # who is gone has taken nothing back
    assert refusals.still(account.client, list(wanted)) == wanted


def test_more_than_a_page(account):
    account.org.page = 7
    wanted = {account.org.add("Lead", DoNotCall=True) for _ in range(30)}
    assert set(listed(account)) == wanted


def test_a_field_that_the_user_does_not_see_takes_nobody_off(account):
    lead = account.org.add("Lead", DoNotCall=True)
    del account.org.objects["Lead"].fields["DoNotCall"]
    for ask in (lambda: listed(account), lambda: refusals.still(account.client, [lead])):
        with pytest.raises(NotSetUp, match="do_not_call"):
            ask()


def test_without_the_setting_nobody_is_asked():
    with stage() as account:
        assert not refusals.wanted(account.destination)
