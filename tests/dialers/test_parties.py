"""The number that the customer saw, and the agent's e-mail address: what each dialer states of them, and never a guess."""

import json

import pytest

from dialers.base import Connection, Evidence
from dialers.fields import email
from dialers.registry import DIALERS

RYNG = Connection("ryng-main", "ryng", {}, default_country="IN")
QVOICE = Connection("qvoice-main", "qvoice", default_country="US")
RINGOSTAT = Connection("ringostat-kyiv", "ringostat", {"timezone": "Europe/Kyiv"}, default_country="UA")
VOIPEX = Connection("voipex-prague", "voipex", {}, default_country="CZ")
JAICP = Connection("jaicp-bot", "jaicp", {}, default_country="RU")

SOURCE = {
    "ryng": ("callback", "terminal"),
    "qvoice": ("report", "lead_history"),
    "ringostat": ("callback", "call"),
    "voipex": ("callback", "event"),
    "jaicp": ("report", "jobs"),
}


def said(connection: Connection, body: dict, kind: str = "call_ended") -> dict:
    evidence = Evidence(*SOURCE[connection.dialer], json.dumps(body).encode(), "application/json")
    return next(e.facts for e in DIALERS[connection.dialer].read(evidence, connection).events if e.kind == kind)


TERMINAL = {"callID": 1, "callLogID": 2, "customerNum": "+919800012345"}
ROW = {"campaign_name": "Renewals", "lead_number": "+12125550101", "timestamp": 1794996772}
LOGGED = {"uniqueid": "7", "calldate": "2026-11-18 12:00:00", "disposition": "ANSWERED"}
IN = LOGGED | {"call_type": "in", "caller": "380671234567"}
OUT = LOGGED | {"call_type": "out", "dst": "380671234567", "caller": '"olena" <olena>'}
HANGUP = {"EventName": "Hangup", "UniqueId": "1793000000.1", "From": "222333444", "To": "601000001"}

SEEN = [
    (RYNG, TERMINAL | {"virtualNum": "02200000003"}, "+912200000003"),
    (RYNG, TERMINAL | {"virtualNum": "+912200000003"}, "+912200000003"),
    (RYNG, TERMINAL | {"virtualNum": 912200000003}, "+912200000003"),
    (RYNG, TERMINAL | {"virtualNum": "anonymous"}, None),
    (RYNG, TERMINAL | {"virtualNum": ""}, None),
    (RYNG, TERMINAL | {"virtualNum": None}, None),
    (RYNG, TERMINAL | {"virtualNum": ["+912200000003"]}, None),
    (RYNG, TERMINAL, None),
    (QVOICE, ROW | {"caller_id_number": "+12125550199"}, "+12125550199"),
    (QVOICE, ROW | {"outbound_caller_id_number": "2125550199"}, "+12125550199"),
    (QVOICE, ROW | {"caller_id_number": "anonymous", "caller_id": "2125550199"}, "+12125550199"),
    (QVOICE, ROW | {"caller_id_number": "2125550101"}, None),  # the lead itself: a leg towards the agent
    (QVOICE, ROW | {"caller_id_number": "1101"}, None),  # an extension
    (QVOICE, ROW, None),
    (RINGOSTAT, IN | {"dst": "380440000000"}, "+380440000000"),
    (RINGOSTAT, IN | {"dst": "380440000000", "connected_with": "380501112233"}, "+380440000000"),
    (RINGOSTAT, IN | {"dst": '"olena" <olena>'}, None),
    (RINGOSTAT, IN | {"dst": '"olena" <olena>', "caller_number": "380671234567"}, None),  # the customer
    (RINGOSTAT, IN | {"call_type": "callback", "dst": "+38 067 123-45-67"}, None),  # the customer, written otherwise
    (RINGOSTAT, OUT, None),  # a login
    (RINGOSTAT, OUT | {"caller": "380440000000"}, "+380440000000"),
    (RINGOSTAT, OUT | {"caller_number": "380440000000"}, "+380440000000"),
    (RINGOSTAT, OUT | {"caller_number": "380671234567"}, None),
    (RINGOSTAT, LOGGED | {"caller": "380440000000", "dst": "380671234567"}, None),  # which end is ours is not said
    (VOIPEX, HANGUP | {"Direction": "outgoing"}, "+420222333444"),
    (VOIPEX, HANGUP | {"Direction": "incoming"}, "+420601000001"),
    (VOIPEX, HANGUP | {"Direction": "outgoing", "From": "444"}, None),
    (VOIPEX, HANGUP | {"Direction": "outgoing", "From": "anonymous"}, None),
    (VOIPEX, HANGUP, None),
    (JAICP, {"id": 1, "phone": "79115550001", "jobStatus": "noAnswer"}, None),
]


@pytest.mark.parametrize(("connection", "body", "number"), SEEN)
def test_the_number_that_the_customer_saw(connection, body, number):
    found = said(connection, body)
    assert found.get("caller_number") == number
    assert found.get("customer_number") != number or number is None


MARTA = {"ext": "1101", "email": "marta@example.test", "first_name": "Marta", "last_name": "Vega"}
PAUL = {"ext": "1102", "email": "paul@example.test", "first_name": "Paul", "last_name": "Roy"}
TRIED = {"lead_history": [{"event": "dial agent", "agent": PAUL}, {"event": "agent_answer", "agent": MARTA}]}

ADDRESSES = [
    (RYNG, TERMINAL | {"agentUsername": "asha@example.test"}, "asha@example.test"),
    (RYNG, TERMINAL | {"agentUsername": "asha"}, None),
    (RYNG, TERMINAL | {"agentUsername": "asha@office"}, None),
    (RYNG, TERMINAL | {"agentUsername": None}, None),
    (QVOICE, ROW | TRIED | {"agent_extension": "1101"}, "marta@example.test"),
    (QVOICE, ROW | TRIED | {"agent_extension": 1102}, "paul@example.test"),
    (QVOICE, ROW | TRIED | {"agent_extension": "1103"}, None),  # credited to somebody who is not among the steps
    (QVOICE, ROW | TRIED, None),  # credited to nobody
    (QVOICE, ROW | TRIED | {"agent_name": "Marta Vega"}, "marta@example.test"),
    (QVOICE, ROW | TRIED | {"agent_name": "Marta Vega", "agent_extension": "1103"}, None),
    (RINGOSTAT, IN | {"employee_fio": "Olena", "employee_email": "olena@example.test"}, "olena@example.test"),
    (RINGOSTAT, OUT | {"caller": "olena@sip.example.test"}, None),  # where the telephone is, not the mail
    (RINGOSTAT, IN | {"client_email": "customer@example.test"}, None),
    (VOIPEX, HANGUP | {"Login": "jana", "Email": "jana@example.test"}, "jana@example.test"),
    (VOIPEX, HANGUP | {"Login": "jana@example.test"}, "jana@example.test"),
    (VOIPEX, HANGUP | {"Login": "jana"}, None),
    (JAICP, {"id": 1, "phone": "79115550001", "jobStatus": "noAnswer"}, None),
]


@pytest.mark.parametrize(("connection", "body", "address"), ADDRESSES)
def test_the_agents_address(connection, body, address):
    assert said(connection, body).get("agent_email") == address


def test_a_user_name_that_is_an_address_stays_the_user_name():
    found = said(RYNG, TERMINAL | {"agentUsername": "asha@example.test"})
    assert (found["agent_username"], found["agent_email"]) == ("asha@example.test", "asha@example.test")


def test_a_renamed_parameter_holds_the_address():
    renamed = Connection("r", "ringostat", RINGOSTAT.settings | {"webhook_fields": {"employee_email": "posta"}})
    assert said(renamed, IN | {"posta": "olena@example.test"})["agent_email"] == "olena@example.test"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (" priya@example.com ", "priya@example.com"),
        ("Priya.N+calls@mail.example.com", "Priya.N+calls@mail.example.com"),
        ("žofie@příklad.example", "žofie@příklad.example"),
        ("priya", None),
        ("priya@", None),
        ("@example.com", None),
        ("priya@example..com", None),
        ("priya@example.", None),
        ("a b@example.com", None),
        ("priya@one.example,paul@two.example", None),
        ("Priya <priya@example.com>", None),
        ("p@" + "x" * 260 + ".com", None),
        (5, None),
        (None, None),
        ({"email": "priya@example.com"}, None),
    ],
)
def test_what_is_an_address(written, read):
    assert email(written) == read
