"""Events to the sandbox's receiver, which verifies each by the specification and counts, while it misbehaves."""

import pytest

from crm.base import Again, Done, Refused, SwitchedOff
from crm.webhook import CRM
from lib.http.errors import ExchangeError
from sandbox.server import running
from sandbox.webhook.api import PATH, create_app
from sandbox.webhook.receiver import Receiver
from tests.crm.webhook.receiver import NEXT_SECRET, SECRET, client, event


@pytest.fixture
def receiver():
    return Receiver([SECRET])


@pytest.fixture
def url(receiver):
    with running(create_app(receiver), keeping=True) as found:
        yield found + PATH


def posted(one, events, rounds=60):
    """Post as the engine does: again what was not taken, until all is; with how each ended."""
    left, ended = list(events), {}
    for _ in range(rounds):
        try:
            results = CRM.events.post(one, left)
        except SwitchedOff:
            raise
        except ExchangeError:
            continue
        ended |= {
            event.id: result for event, result in zip(left, results, strict=True) if not isinstance(result, Again)
        }
        left = [event for event in left if event.id not in ended]
        if not left:
            return ended
    raise AssertionError(f"{len(left)} are left")


def revisions(count, outcomes):
    return [event(number, f"outcome-{number % outcomes}") for number in range(count)]


def test_all_arrive_once_and_in_order(receiver, url):
    events = revisions(60, 20)
    assert posted(client(url), events) == {one.id: Done(one.id) for one in events}
    assert (receiver.repeats(), receiver.altered, receiver.backwards, receiver.wrong_in_all) == (0, [], [], 0)
    assert len(receiver.events) == 60


@pytest.mark.parametrize(
    "faults",
    [
        {"too_many": {"every": 5, "value": "0"}, "unavailable": {"every": 7, "value": "0"}},
        {"server_error": {"every": 4}, "error_after": {"every": 5}, "gateway_timeout": {"every": 9}},
        {"drop": {"every": 5}, "drop_after": {"every": 7}},
        {"hang": {"times": 1, "value": 2}, "hang_after": {"times": 1, "value": 2}},
        {"unauthorized": {"every": 3}, "not_found": {"every": 4}, "redirect": {"every": 5, "value": "/sandbox/trap"}},
        {"garbled_after": {"every": 3}, "cut_after": {"every": 4}, "huge": {"times": 1, "value": 1}},
        {"endless": {"times": 1}, "html_after": {"every": 3}},
    ],
    ids=lambda faults: "-".join(faults),
)
def test_whatever_goes_wrong_the_last_of_each_is_the_latest(receiver, url, faults):
    receiver.faults.set(faults)
    events = revisions(40, 20)
    ended = posted(client(url, timeout_seconds=1.0), events)
    assert set(map(type, ended.values())) == {Done}
    assert (receiver.altered, receiver.backwards, receiver.wrong_in_all, receiver.trapped) == ([], [], 0, 0)
    assert {outcome: last[-1].revision for outcome, last in receiver.by_outcome().items()} == {
        f"outcome-{number % 20}": number for number in range(20, 40)
    }


def test_secrets_are_rotated_without_losing_any(receiver, url):
    assert posted(client(url, secrets=[SECRET, NEXT_SECRET]), [event(1)])
    receiver.set_secrets([NEXT_SECRET])
    assert posted(client(url, secrets=[SECRET, NEXT_SECRET]), [event(2)])
    assert posted(client(url, secrets=[NEXT_SECRET]), [event(3)])
    assert [one.signatures for one in receiver.events] == [2, 2, 1]
    with pytest.raises(ExchangeError, match="401"):
        CRM.events.post(client(url, secrets=[SECRET]), [event(4)])


def test_gone_is_the_end(receiver, url):
    receiver.faults.set({"gone": {}})
    with pytest.raises(SwitchedOff):
        posted(client(url), [event(1), event(2)])
    assert receiver.requests == 1 or receiver.requests == 2  # both may have been on their way


def test_what_it_calls_wrong_is_refused_alone(receiver, url):
    receiver.faults.set({"bad_request": {"times": 1}})
    ended = posted(client(url, at_once=1), [event(1), event(2)])
    assert isinstance(ended["delivery-1"], Refused) and "invalid data" in ended["delivery-1"].answer
    assert ended["delivery-2"] == Done("delivery-2")
