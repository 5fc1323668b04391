"""Whom a call belongs to. The records are given: how they are asked for is each kind's."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from crm.base import Record
from crm.destination import Destination
from crm.finding import MOST_CANDIDATES, NOBODY, OWN, SEVERAL, found
from crm.taken import Taken

NUMBER, OURS = "+919800012345", "+911140001122"
AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
ONE = UUID(int=1)
NONE_YET = (None, None, None, None, None, False)


def call(**outcome):
    known = {"crm_reference": None, "customer_number": NUMBER, "caller_number": OURS} | outcome
    return Taken(ONE, ONE, "log_call", 1, "pending", 1, known, False, AT, AT, None, *NONE_YET)


class Book:
    """Records by id; a search by number finds whatever ends alike, as searches do."""

    def __init__(self, **numbers):
        self._records = {name: Record(name, numbers=tuple(some)) for name, some in numbers.items()}
        self.asked = []

    def find(self, client, wanted):
        self.asked += wanted
        return [self._of(whom) for whom in wanted]

    def _of(self, whom):
        if whom.by == "crm_reference":
            return [self._records[whom.value]] if whom.value in self._records else []
        return [one for one in self._records.values() if any(n[-4:] == whom.value[-4:] for n in one.numbers)]


DESTINATION = Destination("d", "hubspot")


def test_the_one_that_the_reference_names_however_many_have_the_number():
    book = Book(a=[NUMBER], b=[NUMBER])
    (answer,) = found(book, None, DESTINATION, [call(crm_reference="b")])
    assert answer.record_id == "b"
    assert [whom.by for whom in book.asked] == ["crm_reference"]


@pytest.mark.parametrize("written", ["+91 98000 12345", "09800012345", "9800012345", "919800012345", "(098) 000-12345"])
def test_the_one_that_alone_has_the_number_however_it_was_typed_in(written):
    (answer,) = found(Book(a=[written], b=["+12025550123"]), None, DESTINATION, [call()])
    assert answer.record_id == "a"


def test_what_a_search_finds_that_only_looks_alike_is_not_meant():
    (answer,) = found(Book(a=["+917700012345"], b=["12345"]), None, DESTINATION, [call()])
    assert (answer.record_id, answer.reason) == (None, NOBODY)


def test_of_several_a_person_chooses():
    (answer,) = found(Book(a=[NUMBER], b=["09800012345"]), None, DESTINATION, [call()])
    assert (answer.record_id, answer.reason) == (None, SEVERAL)
    assert [one.id for one in answer.candidates] == ["a", "b"]


def test_of_very_many_a_person_is_shown_some():
    book = Book(**{f"r{at}": [NUMBER] for at in range(MOST_CANDIDATES + 5)})
    (answer,) = found(book, None, DESTINATION, [call()])
    assert (answer.record_id, len(answer.candidates)) == (None, MOST_CANDIDATES)


def test_a_reference_that_names_nobody_leaves_the_number():
    (answer,) = found(Book(a=[NUMBER]), None, DESTINATION, [call(crm_reference="gone")])
    assert answer.record_id == "a"


def test_by_what_the_destination_does_not_look_nobody_is_found():
    (answer,) = found(Book(a=[NUMBER]), None, replace(DESTINATION, find_by=("crm_reference",)), [call()])
    assert (answer.record_id, answer.reason) == (None, NOBODY)


@pytest.mark.parametrize("own", [{"own_numbers": frozenset({NUMBER})}, {}])
def test_a_number_of_ours_is_never_matched(own):
    outcome = {} if own else {"caller_number": NUMBER}
    book = Book(a=[NUMBER])
    (answer,) = found(book, None, replace(DESTINATION, **own), [call(**outcome)])
    assert (answer.record_id, answer.reason) == (None, OWN)
    assert not book.asked


def test_a_call_stays_on_the_record_where_it_is():
    book = Book(a=[NUMBER])
    (answer,) = found(book, None, DESTINATION, [replace(call(), record_id="z")])
    assert answer.record_id == "z"
    assert not book.asked


def test_a_number_that_occurs_several_times_is_asked_for_once():
    book = Book(a=[NUMBER])
    assert [answer.record_id for answer in found(book, None, DESTINATION, [call(), call()])] == ["a", "a"]
    assert len(book.asked) == 1
