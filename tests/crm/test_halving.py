"""Batches that are refused as a whole because of one of them."""

import pytest

from crm.base import Again, Done, Refused, Unknown
from crm.halving import NOT_SENT, WholeRefused, written
from lib.http.errors import CredentialsRefused, Unavailable, Uncertain

BAD = Refused("validation", "no")


class Crm:
    """Refuses whatever holds a bad one; then fails, at the request with that number."""

    def __init__(self, bad=(), fails=None, error=None):
        self.bad, self.fails, self.error = set(bad), fails, error
        self.asked = []

    def send(self, part):
        self.asked.append(list(part))
        if len(self.asked) == self.fails:
            raise self.error
        if self.bad & set(part):
            raise WholeRefused(BAD)
        return [Done(str(one)) for one in part]


@pytest.mark.parametrize("bad", [[], [0], [5], [0, 1], [3, 7, 8], list(range(10))])
def test_the_bad_ones_are_refused_and_all_others_done_in_their_order(bad):
    crm = Crm(bad)
    assert written(range(10), 100, crm.send) == [BAD if at in bad else Done(str(at)) for at in range(10)]


def test_one_bad_one_of_a_hundred_takes_some_requests_and_not_a_hundred():
    crm = Crm([37])
    written(range(100), 100, crm.send)
    assert len(crm.asked) <= 2 * 7 + 1


def test_no_request_holds_more_than_it_may():
    crm = Crm()
    assert len(written(range(250), 100, crm.send)) == 250
    assert [len(part) for part in crm.asked] == [100, 100, 50]


def test_what_fails_before_anything_was_taken_is_raised():
    with pytest.raises(CredentialsRefused):
        written(range(4), 100, Crm(fails=1, error=CredentialsRefused("no")).send)


@pytest.mark.parametrize(
    ("error", "of_part"), [(Uncertain("gone"), Unknown("gone")), (Unavailable("later"), Again("later"))]
)
def test_what_fails_afterwards_leaves_what_was_done_as_it_is(error, of_part):
    crm = Crm(fails=2, error=error)
    assert written(range(3), 1, crm.send) == [Done("0"), of_part, Again(NOT_SENT, tried=False)]


def test_nothing_is_nothing():
    assert written([], 100, Crm().send) == []
