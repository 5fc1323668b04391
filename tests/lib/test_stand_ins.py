"""Stand-ins: equal for equal ones, other ones with another key, and never taken for a number."""

import pytest

from lib.stand_ins import StandIns, code_of, is_stand_in

NUMBER = "+380501234567"
OWN, OTHER = StandIns("one key"), StandIns("another key")


def test_a_number_keeps_its_countrys_code_and_nothing_else():
    found = OWN.number(NUMBER)
    assert found.startswith("+380~") and code_of(found) == "380" and "501234567" not in found
    assert OWN.number("+14155550100").startswith("+1~")
    assert found == OWN.number(NUMBER) == OWN.number(found) == OWN.number_of("380", NUMBER)
    assert found != OTHER.number(NUMBER) and OWN.key_id != OTHER.key_id


def test_names_are_of_their_connection_and_kind():
    found = {OWN.name(connection, what, "17") for connection in ("a", "b") for what in ("lead", "call")}
    assert len(found) == 4 and all(map(is_stand_in, found))
    one = OWN.name("a", "lead", "17")
    assert OWN.name("a", "lead", one) == one


@pytest.mark.parametrize(
    "text", [NUMBER, "~", "~abc", "~9f86d081884c7d6", "~9F86D081884C7D65", "a~9f86d081884c7d65", None, 5, ""]
)
def test_what_a_dialer_says_is_none(text):
    assert not is_stand_in(text)
