"""``wrapup check``: what is said of a connection that is well, and of each way in which it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dialers.base import Connection
from lib import clock
from models import PollCursor, Receipt, SendingDesk
from outcomes import callback_pace, strangers
from polling import checks
from polling.checks import Check, check
from tests.evidence import keep, normalize, receipt, terminal
from tests.factories import load
from tests.factories import receipt as heard
from tests.polling.polls import on_one_database, polled_portal

pytestmark = on_one_database

RYNG = Connection("ryng-main", "ryng", callback_tokens=("t" * 24,))
NOBODY = {"terminal": "http://127.0.0.1:9/callbacks/ryng-main/secret-token-of-ours/terminal"}


def checked(database, connection, urls=None) -> dict[str, Check]:
    return {one.what: one for one in check(database, connection, urls or {})}


def test_a_connection_that_is_well(database):
    with polled_portal() as (portal, _):
        found = checked(database, portal.connection)
    reports = {what: one for what, one in found.items() if what.startswith("report ")}
    assert {one.ok for one in reports.values()} == {True}
    assert found["report lead history"].said == "It answered; 0 records of the last hour on its first page."
    assert found["leads and commands"].ok is True
    with database.read() as session:  # nothing was kept, and no running poll was touched
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0
        assert session.scalar(select(func.count()).select_from(PollCursor)) == 0


@pytest.mark.parametrize(
    ("fault", "said", "todo"),
    [
        ({"login_refused": True}, "refused", "Correct the credentials under [connections.qvoice-main]"),
        ({"login_down": True}, "", "Is the dialer up? Check the address under [connections.qvoice-main]"),
    ],
)
def test_what_the_dialer_says_and_what_to_do(database, fault, said, todo):
    with polled_portal() as (portal, _):
        portal.fault(**fault)
        found = checked(database, portal.connection)["report lead history"]
    assert found.ok is False
    assert said in found.said
    assert found.todo.startswith(todo)


def test_a_dialer_that_is_not_there(database):
    with polled_portal() as (portal, _):
        settings = {**portal.connection.settings, "portal_url": "http://127.0.0.1:9"}
        found = checked(database, replace(portal.connection, settings=settings))["report lead history"]
    assert found == Check(
        "report lead history",
        False,
        found.said,
        "Is the dialer up? Check the address under [connections.qvoice-main], and that this machine may reach it.",
    )
    assert "the connection was refused" in found.said


def test_what_cannot_be_tried_says_why(database):
    jaicp = Connection("jaicp-bot", "jaicp", settings={"api_url": "http://127.0.0.1:9", "campaigns": {"a": "t"}})
    found = checked(database, jaicp)
    assert (found["report jobs"].ok, found["report jobs"].said) == (
        None,
        "There is nothing to ask for: no loaded lead is on its way.",
    )
    assert found["report campaigns"].ok is False


def test_callback_urls_that_nobody_answers_name_no_token(database):
    found = checked(database, RYNG, NOBODY)
    assert found["public address"].ok is False
    assert found["callback URL"].ok is False
    assert found["callback URL"].todo == "Is wrapup serve running, and does WRAPUP_PUBLIC_URL lead to it?"
    assert "secret-token" not in str(found)


def test_what_is_left_to_decide(database):
    keep(database, receipt(terminal(1, 1, disposition="Sale")), receipt(b"{"))
    normalize(database)
    found = checked(database, RYNG, NOBODY)
    assert found["words"] == Check(
        "words",
        None,
        "Undecided: 1, such as 'Sale' (calls: 1).",
        "wrapup words suggest ryng-main prints a start.",
    )
    assert found["quarantine"].said == "1 unparseable."


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        (
            Connection("ryng-main", "ryng", settings={"api_url": "http://127.0.0.1:9", "access_token": "t"}),
            "nothing to ask",
        ),
        (  # its only report is switched off, so nothing shows whether the password is right
            Connection(
                "voipex-prague",
                "voipex",
                settings={
                    "api_url": "http://127.0.0.1:9",
                    "auth_url": "http://127.0.0.1:9/token",
                    "username": "u",
                    "password": "p",
                },
            ),
            "nothing to ask",
        ),
        (
            Connection("jaicp-bot", "jaicp", settings={"api_url": "http://127.0.0.1:9", "campaigns": {"a": "t"}}),
            "nothing could be asked",
        ),
    ],
    ids=("no reports", "switched off", "not there"),
)
def test_credentials_that_nothing_has_tried_are_not_said_to_be_well(database, connection, said):
    found = checked(database, connection, NOBODY)["leads and commands"]
    assert found.ok is None
    assert said in found.said


def test_leads_in_doubt_and_parked_loads_are_no_connection_that_is_well(database):
    with database.write() as session:
        doubtful = load(session, ["unknown", "accepted"])
        load(session, ["pending"], state="parked")
        refused = {"failures": 2, "error_id": "credentials_refused", "error": "It refused us."}
        session.add(SendingDesk(connection=RYNG.name, next_at=clock.now(), **refused))
    found = checked(database, RYNG, NOBODY)
    assert (found["leads"].ok, found["leads"].said) == (None, f"In doubt: 1 lead, of load {doubtful.id}.")
    assert (found["loads"].ok, found["loads"].said) == (False, "Parked: 1. It refused us.")
    assert "wrapup leads resume" in found["loads"].todo


@pytest.mark.parametrize("arrives", [True, False])
def test_a_silence_is_told_where_callbacks_come_in(database, arrives):
    """Where the callback of the check itself does not arrive, others may wait in a spool."""
    now = clock.now()
    with database.write() as session:
        for seconds in range(360, 1560, 10):
            heard(session, received_at=now - timedelta(seconds=seconds))
    while callback_pace.learn(database, {RYNG.name: RYNG}, now):
        continue
    found = {one.what: one for one in checks._troubles(database, RYNG, arrives, now)}
    assert ("callbacks" in found) is arrives
    if arrives:
        assert found["callbacks"].ok is False and found["callbacks"].said.startswith("No callback for 6 min; ")


def test_an_outdated_url_is_told_with_what_to_do(database):
    now = clock.now()
    with database.write() as session:
        strangers.remember_tokens(session, {RYNG.name: ["old"]}, now - timedelta(hours=2))
        strangers.remember_tokens(session, {RYNG.name: ["new"]}, now - timedelta(hours=1))
        headers = {"headers": {"token-fingerprint": "old"}, "stranger": True, "reason": "wrong_token"}
        heard(session, state="quarantined", received_at=now, **headers)
        strangers.share_out(session, [RYNG.name])
    (found,) = checks._troubles(database, RYNG, False, now)
    assert (found.what, found.ok) == ("outdated URL", False)
    assert found.said.startswith("1 callback came with a token of ours that is not in force here")
    assert found.todo.startswith("Correct the URL at the dialer")
