"""``legDetails`` in, what became of the call out: by which leg is whose, without the rest of a callback."""

import pytest

from dialers.connection import Connection
from dialers.ryng.legs import ENDS, an_object, details, result

AGENT, CUSTOMER = "agent first", "customer-first"

# direction, first leg, second leg -> result
RESULTS = [
    # The agent is called first: the agent's leg decides unless it was answered.
    (AGENT, "completed", "completed", "connected"),
    (AGENT, "completed", "busy", "busy"),
    (AGENT, "completed", "no-answer", "no_answer"),
    (AGENT, "completed", "failed", "failed"),
    (AGENT, "completed", None, None),
    (AGENT, "busy", "completed", "agent_unavailable"),
    (AGENT, "no-answer", None, "agent_unavailable"),
    (AGENT, "busy", "busy", "agent_unavailable"),
    (AGENT, None, "busy", "busy"),
    (AGENT, None, "completed", None),
    (AGENT, None, None, None),
    (AGENT, "queued", "busy", "busy"),  # a word that nobody has mapped says nothing
    (AGENT, "voicemail", "busy", "busy"),  # by the tenant's table: the agent's leg was answered, by whatever
    (AGENT, "completed", "voicemail", "voicemail"),
    # The customer is called first: the customer's leg decides unless it was answered; then the agent's may have failed.
    (CUSTOMER, "completed", "completed", "connected"),
    (CUSTOMER, "busy", "completed", "busy"),
    (CUSTOMER, "no-answer", None, "no_answer"),
    (CUSTOMER, "voicemail", "busy", "voicemail"),
    (CUSTOMER, "completed", "busy", "abandoned"),
    (CUSTOMER, "completed", "no-answer", "abandoned"),
    (CUSTOMER, "completed", "voicemail", None),
    (CUSTOMER, "completed", None, None),
    (CUSTOMER, None, "busy", None),
    (CUSTOMER, None, "completed", None),
    # Nobody says who was called first: the agent, as the order of callbacks suggests. In a word of its own: nobody knows.
    (None, "busy", "completed", "agent_unavailable"),
    ("sideways", "busy", "completed", None),
    ("sideways", "completed", "completed", "connected"),
    # What is not over is no end.
    (AGENT, "ringing", "busy", "busy"),
    (CUSTOMER, "ringing", "busy", None),
    (CUSTOMER, "odd", "busy", None),
]
WORDS = {"completed": "connected", "busy": "busy", "failed": "failed", "no-answer": "no_answer"}
MEANINGS = WORDS | {"voicemail": "voicemail", "ringing": "in_progress", "odd": "unknown"}


def test_words_of_a_leg():
    assert ENDS == WORDS


@pytest.mark.parametrize(("direction", "first", "second", "expected"), RESULTS)
def test_what_became_of_the_call(direction, first, second, expected):
    legs = {"leg0Status": first, "leg1Status": second, "leg0Duration": 4}
    body = {"legDetails": {name: value for name, value in legs.items() if value is not None}}
    body |= {} if direction is None else {"legDirection": direction}
    assert result(body, MEANINGS.get) == expected


def test_without_details_nothing_is_known():
    for value in (None, {}, [], "x", 7):
        assert result({"legDetails": value}, MEANINGS.get) is None
    assert result({}, MEANINGS.get) is None


ONE, OTHER = {"leg0Status": "busy"}, {"leg1Status": "completed"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ONE, ONE),
        ([ONE], ONE),
        ([ONE, OTHER], ONE | OTHER),
        ([ONE, OTHER, {"x": 1}], ONE | OTHER | {"x": 1}),
        ([ONE, "x"], {}),
        ([], {}),
        (None, {}),
        ("x", {}),
    ],
)
def test_one_object_or_a_list_of_them(value, expected):
    assert details(value) == expected
    assert an_object(value, Connection("ryng", "ryng")) == (expected or None)
