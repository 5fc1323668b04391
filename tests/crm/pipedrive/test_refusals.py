"""Whom Pipedrive says not to call: the persons of a filter, all of them or none."""

from dataclasses import replace

import pytest

from crm.base import NotSetUp
from crm.pipedrive import refusals
from lib.http.errors import WalkStuck
from tests.crm.checks import listed, wrong
from tests.crm.pipedrive.stage import stage
from tests.crm.samples import ASHA

BHARAT = "+91 98200 12345"
FILTER = {"type": "people", "field": "label_ids", "value": [2]}
SETTINGS = {"do_not_call_filter": 12}


@pytest.fixture
def account():
    with stage(SETTINGS) as found:
        found.pipedrive.filters["12"] = FILTER
        yield found


def test_persons_of_the_filter_are_listed_with_all_their_numbers(account):
    asha = account.pipedrive.add_person(phone=f"{ASHA},{BHARAT}", label_ids=[2])
    account.pipedrive.add_person(phone=BHARAT)
    gone = account.pipedrive.add_person(phone=BHARAT, label_ids=[2])
    account.pipedrive.delete("persons", gone)
    assert refusals.wanted(account.destination)
    assert listed(account) == {asha: (ASHA, BHARAT)}
    other = account.pipedrive.add_person(phone=BHARAT)
    # Who is deleted has taken nothing back.
    assert refusals.still(account.client, [asha, gone, other]) == {asha: True, gone: True, other: False}


def test_without_a_filter_nobody_is_asked():
    with stage() as account:
        assert not refusals.wanted(account.destination)


def test_more_than_a_page(account):
    wanted = {account.pipedrive.add_person(phone=ASHA, label_ids=[2]) for _ in range(501)}
    assert set(listed(account)) == wanted


def test_a_walk_that_never_ends_is_no_list(account):
    for _ in range(501):
        account.pipedrive.add_person(phone=ASHA, label_ids=[2])
    account.faults(same_cursor={})
    with pytest.raises(WalkStuck):
        listed(account)


@pytest.mark.parametrize("filters", [{}, {"12": {**FILTER, "type": "deals"}}])
def test_a_filter_that_is_gone_or_is_none_of_persons_is_one_sentence_and_takes_nobody_off(account, filters):
    account.pipedrive.filters = filters
    with pytest.raises(NotSetUp, match="do_not_call_filter"):
        refusals.still(account.client, ["1"])
    account.destination = replace(account.destination, log_calls=False)
    (todo,) = wrong(account).values()
    assert "do_not_call_filter" in todo
