"""The receiver of webhooks in the sandbox: what it takes, what it refuses, and how it misbehaves."""

import json
import time

import pytest
import requests

from sandbox.server import running
from sandbox.webhook import signatures
from sandbox.webhook.api import PATH, create_app
from sandbox.webhook.receiver import FAULTS, Receiver

OLD, NEW = "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8
OUTCOME = {"id": "o1", "revision": 1, "customer_number": "+919810012345", "disposition": "Interested"}


class Sender:
    def __init__(self, receiver: Receiver, url: str):
        self.receiver = receiver
        self.url = url

    def post(
        self, id_: str = "m1", secrets: tuple[str, ...] = (OLD,), at: int | None = None, **changed
    ) -> requests.Response:
        """``changed`` are members of the outcome; ``type`` is the event's, ``timeout`` the sender's."""
        type_, timeout = changed.pop("type", "call.outcome.settled"), changed.pop("timeout", 30)
        data = {"outcome": OUTCOME | changed, "changed_fields": None}
        body = json.dumps({"type": type_, "timestamp": "2026-11-21T05:00:00Z", "data": data}).encode()
        timestamp = str(at or int(time.time()))
        signed = " ".join(f"v1,{signatures.signature(signatures.key(one), id_, timestamp, body)}" for one in secrets)
        headers = {"webhook-id": id_, "webhook-timestamp": timestamp, "webhook-signature": signed}
        return self.raw(body, headers, timeout)

    def raw(self, body: bytes, headers: dict[str, str], timeout: float = 30) -> requests.Response:
        headers = {"Content-Type": "application/json", **headers}
        return requests.post(self.url + PATH, body, headers=headers, timeout=timeout, allow_redirects=False)

    def faults(self, wanted: object) -> None:
        assert requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30).status_code == 200

    def ledger(self) -> dict:
        return requests.get(f"{self.url}/sandbox/ledger", timeout=30).json()


@pytest.fixture
def sender():
    receiver = Receiver([OLD])
    with running(create_app(receiver), keeping=True) as url:
        yield Sender(receiver, url)


# What is taken ----------------------------------------------------------------------------------------------------------
def test_the_specification_s_own_example():
    """Of its page on symmetric signatures; the library of the same name says the same."""
    key = signatures.key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    id_, timestamp = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
    signature = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signatures.signature(key, id_, timestamp, body) == signature
    headers = {"webhook-id": id_, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}
    assert signatures.fault([key], headers, body, float(timestamp)) is None


def test_events_are_kept_in_their_order(sender):
    assert sender.post("m1").status_code == 200
    sender.post("m2", type="call.outcome.changed", revision=2)
    (events,) = sender.ledger()["outcomes"].values()
    assert [(one["id"], one["revision"], one["times"]) for one in events] == [("m1", 1, 1), ("m2", 2, 1)]
    assert sender.receiver.last("o1").type == "call.outcome.changed"


def test_what_comes_again_is_counted_and_not_kept_twice(sender):
    for _ in range(3):
        assert sender.post().status_code == 200
    ledger = sender.ledger()
    assert (ledger["events"], ledger["repeats"], ledger["altered"]) == (1, 2, [])
    sender.post(disposition="Other")
    assert sender.ledger()["altered"] == ["m1"]


def test_what_goes_backwards_is_said(sender):
    sender.post("m1", revision=2)
    sender.post("m2", revision=1)
    assert sender.ledger()["backwards"] == [{"outcome_id": "o1", "revision": 1, "after": 2}]


def test_while_secrets_rotate_any_of_two_signatures_is_enough(sender):
    assert sender.post("m1", (NEW, OLD)).status_code == 200
    answer = requests.post(f"{sender.url}/sandbox/secrets", json={"secrets": [NEW]}, timeout=30)
    assert answer.status_code == 200
    assert [sender.post("m2", (NEW, OLD)).status_code, sender.post("m3", (OLD,)).status_code] == [200, 401]
    assert [one["signatures"] for one in sender.ledger()["outcomes"]["o1"]] == [2, 2]
    assert requests.post(f"{sender.url}/sandbox/secrets", json={"secrets": ["short"]}, timeout=30).status_code == 400


# What is refused --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_or_future_event_is_refused(sender, seconds):
    assert sender.post(at=int(time.time()) + seconds).status_code == 401
    assert sender.ledger()["events"] == 0


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "a.b"),
        ("webhook-timestamp", "2026-11-21T05:00:00Z"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "AAAA"),
        ("webhook-signature", "v1a,AAAA"),
    ],
)
def test_what_is_not_signed_is_refused(sender, header, value):
    headers = {"webhook-id": "m1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    assert sender.raw(b"{}", headers | {header: value}).status_code == 401
    assert len(sender.ledger()["wrong_requests"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"[]",
        b'{"type":"call.outcome.settled","timestamp":"2026-11-21T05:00:00Z"}',
        b'{"type":"call.started","timestamp":"2026-11-21T05:00:00Z","data":{"outcome":{"id":"1","revision":1},"changed_fields":null}}',
        b'{"type":"call.outcome.settled","timestamp":1,"data":{"outcome":{"id":"1","revision":1},"changed_fields":null}}',
        b'{"type":"call.outcome.settled","timestamp":"1","data":{"outcome":{"id":1,"revision":1},"changed_fields":null}}',
        b'{"type":"call.outcome.settled","timestamp":"1","data":{"outcome":{"id":"1","revision":1},"changed_fields":[1]}}',
    ],
)
def test_what_is_no_event_is_refused(sender, body):
    timestamp = str(int(time.time()))
    signed = "v1," + signatures.signature(signatures.key(OLD), "m1", timestamp, body)
    headers = {"webhook-id": "m1", "webhook-timestamp": timestamp, "webhook-signature": signed}
    assert sender.raw(body, headers).status_code == 400
    assert len(sender.ledger()["wrong_requests"]) == 1


# How it misbehaves ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "status", "kept"),
    [
        ("gone", 410, 0),
        ("too_many", 429, 0),
        ("server_error", 500, 0),
        ("bad_gateway", 502, 0),
        ("gateway_timeout", 504, 0),
        ("redirect", 302, 0),
        ("html", 200, 0),
        ("error_after", 500, 1),
        ("html_after", 200, 1),
    ],
)
def test_other_answers(sender, fault, status, kept):
    sender.faults({fault: {"times": 1, "value": "2" if fault == "too_many" else None}})
    answer = sender.post()
    assert (answer.status_code, sender.ledger()["events"]) == (status, kept)
    assert answer.headers.get("Retry-After") == ("2" if fault == "too_many" else None)
    assert (sender.post().status_code, sender.ledger()["faults"]) == (200, {fault: 1})


@pytest.mark.parametrize(("fault", "kept"), [("drop", 0), ("drop_after", 1), ("cut_after", 1)])
def test_a_connection_that_ends_early(sender, fault, kept):
    sender.faults({fault: {"times": 1}})
    with pytest.raises(requests.exceptions.RequestException):
        sender.post()
    assert sender.ledger()["events"] == kept


@pytest.mark.parametrize(("fault", "kept"), [("hang", 0), ("hang_after", 1)])
def test_it_takes_long(sender, fault, kept):
    sender.faults({fault: {"times": 1, "value": 6}})
    with pytest.raises(requests.exceptions.ReadTimeout):
        sender.post(timeout=0.2)
    assert sender.ledger()["events"] == kept


def test_whoever_follows_a_redirect_is_counted(sender):
    trap = f"{sender.url}/sandbox/trap"
    sender.faults({"redirect": {"value": trap}})
    assert sender.post().headers["Location"] == trap
    requests.post(sender.url + PATH, b"{}", timeout=30)  # follows
    assert sender.ledger()["trapped"] == 1


def test_people_see_events_arrive(sender):
    sender.post()
    page = requests.get(sender.url, timeout=30).text
    assert ("+919810012345" in page, "settled (1)" in page) == (True, True)


def test_unknown_faults_are_refused(sender):
    answer = requests.post(f"{sender.url}/sandbox/faults", json={"none": {}}, timeout=30)
    assert (answer.status_code, "gone" in answer.json()["message"], len(set(FAULTS))) == (400, True, len(FAULTS))
