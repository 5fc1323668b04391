"""The states of receipts, destinations and deliveries are told as readers see them, and as ``wrapup replay`` takes them."""

import re

from models.deliveries import DELIVERY_STATES
from models.receipts import SHOWN_STATES
from models.schedules import SEND_STATES
from queries.destination_states import STATES
from service.cli.receipts import replay
from tests.docs.pages import quoted, read, rows, section


def test_the_states_of_a_receipt_are_the_same_everywhere():
    (said,) = re.findall(r"^\*\*receipt\*\*.*?(?=^\*\*)", read("docs/glossary.md"), re.MULTILINE | re.DOTALL)
    assert set(quoted(said)) == set(SHOWN_STATES)
    (choice,) = [one.type for one in replay.params if one.name == "state"]
    assert set(choice.choices) == set(SHOWN_STATES)


def test_the_states_of_a_destination_and_of_a_delivery_are_those_that_the_api_tells():
    told = {
        word
        for cells in rows(section(read("docs/api.md"), "## Destinations and deliveries"))
        for word in quoted(cells[0])
    }
    assert told == set(STATES)
    known = section(read("docs/destinations.md"), "## What becomes of a delivery")
    assert {word for cells in rows(known) for word in quoted(cells[0])} == set(DELIVERY_STATES)


def test_the_states_of_what_is_scheduled_are_those_that_the_page_tells():
    known = section(read("docs/schedules.md"), "## What becomes of each moment")
    assert {word for cells in rows(known) for word in quoted(cells[0])} == set(SEND_STATES)
