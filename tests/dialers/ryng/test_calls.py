"""Single calls at Ryng, over real HTTP: started with our callback URLs, ended with a disposition, cancelled."""

from dataclasses import replace

import pytest

from dialers.giving import CannotDo, Refused
from leads import commands
from lib.http.errors import CredentialsRefused, Declined, Unavailable
from models.database import Database
from tests.dialers.ryng.stage import stage

NEW = {"number": "98000 12345", "agent": "67131", "campaign": "24", "name": "Asha"}


@pytest.fixture
def played():
    with stage() as found:
        yield found


@pytest.fixture
def act(played, sqlite_url):
    """act(name, given) does it at the dialer that is played, or with another connection."""
    database = Database(sqlite_url)
    urls = {"connect": "http://127.0.0.1:9/c", "terminal": "http://127.0.0.1:9/t"}
    yield lambda name, given, connection=played.connection: commands.act(database, connection, name, given, urls)
    database.close()


def test_a_call_is_started_and_ended(played, act):
    started = act("start_call", NEW)
    (call,) = played.ryng.calls
    assert started == {"call_id": str(call.call_id), "attempt_id": str(call.attempts[0].log_id)}
    assert (call.customer_number, call.page) == ("+919800012345", "preview")
    assert {attempt.agent.id for attempt in call.attempts} == {67131}
    assert played.ryng._placed[call.call_id].urls == {
        "connect": "http://127.0.0.1:9/c",
        "terminal": "http://127.0.0.1:9/t",
    }
    said = {"call": started["call_id"], "attempt": started["attempt_id"], "disposition": "Interested"}
    assert act("end_call", said) == {"message": "Call disposed and ended."}
    assert played.ryng.calls[0].attempts[0].disposition == "Interested"
    with pytest.raises(Declined, match="Failed to dispose of call"):
        act("end_call", said)


def test_a_call_is_cancelled(played, act):
    call = played.ryng.place("+919800012345", None, None, "queue")
    assert act("cancel_call", {"call": str(call.call_id)}) == {"message": "Call Cancelled"}
    with pytest.raises(Declined, match="Call ID does not exist"):
        act("cancel_call", {"call": str(call.call_id)})


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("start_call", NEW | {"number": "110"}, "number"),
        ("start_call", NEW | {"agent": "asha"}, "agent"),
        ("start_call", NEW | {"campaign": "24/../25"}, "campaign"),
        ("start_call", {"number": "9800012345"}, "agent"),
        ("end_call", {"call": "1", "attempt": "2"}, "disposition"),
        ("end_call", {"call": "٣", "attempt": "2", "disposition": "x"}, "call"),
        ("cancel_call", {"call": "1\n"}, "call"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(played, act, name, given, field):
    with pytest.raises(Refused) as told:
        act(name, given)
    assert told.value.field == field
    assert played.taken() == []


def test_the_dialers_verdicts_come_through(played, act):
    played.faults({"too_many": {"times": 1, "value": "9"}})
    with pytest.raises(Unavailable) as told:
        act("start_call", NEW)
    assert told.value.retry_after == 9
    wrong = replace(played.connection, settings={**played.connection.settings, **played.wrong})
    with pytest.raises(CredentialsRefused):
        act("start_call", NEW, wrong)
    mute = replace(played.connection, settings={"api_url": None, "access_token": None})
    with pytest.raises(CannotDo):
        act("start_call", NEW, mute)
    assert played.taken() == []
