"""Events on their way, over real sockets: what is sent, what comes of each, and who waits for whom."""

import json
import ssl
import time

import pytest
import trustme

from crm.base import Again, Done, Refused, SwitchedOff
from crm.webhook import CRM, signing
from lib import clock
from lib.http.errors import Unavailable
from rig.patience import stretched
from tests.crm.webhook.receiver import NEXT_SECRET, SECRET, Turnstile, client, destination, event, receiving

post = CRM.events.post


def done(*numbers):
    """The events of these numbers were taken."""
    return [Done(f"delivery-{number}") for number in numbers]


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def test_an_event_is_posted_as_it_is_signed(receiver):
    before = int(clock.now().timestamp())
    assert post(client(receiver.url, secrets=[SECRET, NEXT_SECRET]), [event()]) == done(1)
    [got] = receiver.posts
    assert json.loads(got.body) == {
        "type": "call.outcome.settled",
        "timestamp": "2026-11-28T10:12:52Z",
        "data": {
            "outcome": {"id": "outcome-1", "revision": 1, "notes": "Grüße"},
            "changed_fields": ["connect_outcome"],
        },
    }
    assert (got.verb, got.path) == ("POST", "/hooks/s3cret-path")
    assert got.headers["content-type"] == "application/json"
    at = int(got.headers["webhook-timestamp"])
    assert before <= at <= clock.now().timestamp()
    assert got.headers["webhook-id"] == "delivery-1"
    expected = signing.headers("delivery-1", at, got.body, [signing.key(SECRET), signing.key(NEXT_SECRET)])
    assert got.headers["webhook-signature"] == expected["webhook-signature"]


def test_what_is_posted_again_has_its_id_and_the_time_of_this_attempt(receiver):
    receiver.answers = [503]
    one = client(receiver.url)
    with pytest.raises(Unavailable):
        post(one, [event()])
    first = int(receiver.posts[0].headers["webhook-timestamp"])
    end = time.monotonic() + stretched(5)
    while int(clock.now().timestamp()) == first:  # the header counts whole seconds
        assert time.monotonic() < end
        time.sleep(0.02)
    assert post(one, [event()]) == done(1)
    again = receiver.posts[1]
    assert again.headers["webhook-id"] == receiver.posts[0].headers["webhook-id"]
    assert int(again.headers["webhook-timestamp"]) > first
    assert again.body == receiver.posts[0].body


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(receiver, status):
    receiver.always = status
    assert post(client(receiver.url), [event()]) == done(1)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (301, Unavailable, "redirects are not followed"),
        ((302, {"Location": "/elsewhere"}, b""), Unavailable, "redirects are not followed"),
        (401, Unavailable, "let the event in .401"),
        (403, Unavailable, "let the event in .403"),
        (404, Unavailable, "takes no events"),
        (405, Unavailable, "takes no events"),
        (408, Unavailable, "cannot answer now"),
        (410, SwitchedOff, "wants no more events"),
        (425, Unavailable, "cannot answer now"),
        (429, Unavailable, "too often"),
        (502, Unavailable, "cannot answer now"),
        (503, Unavailable, "cannot answer now"),
        (504, Unavailable, "cannot answer now"),
    ],
)
def test_what_is_about_all_events_is_said_of_the_whole_batch(receiver, answer, kind, words):
    receiver.always = answer
    with pytest.raises(kind, match=words) as caught:
        post(client(receiver.url, at_once=1), [event(1), event(2), event(3)])
    assert len(receiver.posts) == 1  # the others were not tried
    assert {one.path for one in receiver.posts} == {"/hooks/s3cret-path"}
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("status", [302, 404, 429, 502, 503, 504])
def test_retry_after_is_kept(receiver, status):
    receiver.always = (status, {"Retry-After": "17"}, b"")
    with pytest.raises(Unavailable) as caught:
        post(client(receiver.url), [event()])
    assert caught.value.retry_after == 17.0


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (400, Refused("validation", "127.0.0.1:PORT refused the event (400).")),
        (
            (422, {"Content-Type": "application/json"}, b'{"error_id":"x","message":"  campaign\\nis closed "}'),
            Refused("validation", "127.0.0.1:PORT refused the event (422): campaign is closed"),
        ),
        (
            (409, {"Content-Type": "text/plain"}, b"seen"),
            Refused("refused", "127.0.0.1:PORT refused the event (409): seen"),
        ),
        (
            (400, {"Content-Type": "text/html"}, b"<p>no</p>"),
            Refused("validation", "127.0.0.1:PORT refused the event (400)."),
        ),
        (413, Refused("too_large", "127.0.0.1:PORT refused the event (413).")),
        ((500, {}, b"boom"), Again("127.0.0.1:PORT failed (500): boom")),
        ((501, {}, b""), Again("127.0.0.1:PORT failed (501).")),
    ],
)
def test_what_is_about_one_event_stops_nobody_else(receiver, answer, result):
    receiver.answers = [answer]
    results = post(client(receiver.url, at_once=1), [event(1), event(2)])
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    assert results == [type(result)(**{**vars(result), "answer": result.answer.replace("PORT", port)}), *done(2)]


def test_the_receivers_words_are_cut_and_hold_no_secrets_of_ours(receiver):
    echo = f"{SECRET} and {SECRET[6:]} at {receiver.url} or POST /hooks/s3cret-path \x1b[2J\x00".encode() + b"x" * 5000
    receiver.always = (400, {"Content-Type": "text/plain"}, echo)
    [refused] = post(client(receiver.url), [event()])
    assert SECRET[6:] not in refused.answer and "s3cret" not in refused.answer
    assert len(refused.answer) < 300 and refused.answer.isprintable()


def test_a_receiver_that_hangs_costs_one_time_out_and_the_others_are_told_of(receiver):
    receiver.always = lambda post: time.sleep(3) or 204
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time|longer than"):
        post(client(receiver.url, timeout_seconds=1.0, at_once=2), [event(number) for number in range(20)])
    assert time.monotonic() - began < stretched(2.5)
    assert len(receiver.posts) == 2  # those that were on their way when the first one was given up


def test_one_event_that_hangs_holds_up_nobody_for_longer_than_its_time(receiver):
    receiver.always = lambda post: (time.sleep(3) or 204) if b'"slow"' in post.body else 204
    events = [event(1, notes="slow"), *(event(number) for number in range(2, 40))]
    began = time.monotonic()
    results = post(client(receiver.url, timeout_seconds=1.0, at_once=2), events)
    assert time.monotonic() - began < stretched(2.5)
    assert isinstance(results[0], Again) and results[1:] == done(*range(2, 40))


def test_a_single_event_that_hangs_is_posted_again_and_the_destination_goes_on(receiver):
    receiver.always = lambda post: time.sleep(3) or 204
    [result] = post(client(receiver.url), [event()])
    assert isinstance(result, Again)


@pytest.mark.parametrize("said", [b"", b"\0" * (200 * 1024)], ids=["cut off", "endless"])
@pytest.mark.parametrize("status", [200, 500])
def test_however_an_answer_ends_its_status_counts(receiver, status, said):
    receiver.answers = [(status, {"Content-Length": str(100 * 1024 * 1024)}, said)]
    [result] = post(client(receiver.url), [event()])
    assert isinstance(result, Done if status == 200 else Again)


def test_nobody_there_is_unavailable():
    with receiving() as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="refused"):
        post(client(url), [event()])


def test_several_go_at_once_and_never_two_of_one_outcome(receiver):
    receiver.always = lambda post: time.sleep(0.03) or 204
    events = [event(number, outcome=f"outcome-{number % 5}") for number in range(30)]
    assert post(client(receiver.url, at_once=4), events) == done(*range(30))
    assert 2 <= receiver.most_at_once <= 4
    for outcome in range(5):
        mine = [one for one in receiver.posts if json.loads(one.body)["data"]["outcome"]["id"] == f"outcome-{outcome}"]
        revisions = [json.loads(one.body)["data"]["outcome"]["revision"] for one in mine]
        assert revisions == sorted(revisions) and len(revisions) == 6
        assert all(before.ended <= after.began for before, after in zip(mine, mine[1:], strict=False))


def test_what_follows_one_that_was_not_taken_waits_for_it(receiver):
    receiver.answers = [500]
    results = post(client(receiver.url, at_once=1), [event(1, "a"), event(2, "a"), event(3, "b")])
    assert isinstance(results[0], Again) and isinstance(results[1], Again) and results[2:] == done(3)
    assert [one.headers["webhook-id"] for one in receiver.posts] == ["delivery-1", "delivery-3"]


def test_what_follows_one_that_is_refused_goes_on(receiver):
    receiver.answers = [400]
    results = post(client(receiver.url), [event(1, "a"), event(2, "a")])
    assert isinstance(results[0], Refused) and results[1:] == done(2)


def test_what_was_taken_before_the_receiver_had_enough_is_not_forgotten(receiver):
    receiver.answers, receiver.always = [204, (429, {"Retry-After": "9"}, b"")], 204
    results = post(client(receiver.url, at_once=1), [event(1), event(2), event(3)])
    assert results[:1] == done(1)
    assert [(type(one), one.after) for one in results[1:]] == [(Again, 9.0)] * 2
    assert len(receiver.posts) == 2


def test_where_all_of_several_fail_the_destination_waits(receiver):
    receiver.always = 500
    with pytest.raises(Unavailable, match="failed"):
        post(client(receiver.url), [event(1), event(2)])


def test_an_event_that_is_too_large_is_refused_before_it_is_sent(receiver):
    results = post(client(receiver.url, largest_event_kib=20), [event(1, notes="x" * 30_000), event(2)])
    assert results[0].reason == "too_large" and "30 KiB" in results[0].answer and results[1:] == done(2)
    assert [one.headers["webhook-id"] for one in receiver.posts] == ["delivery-2"]


def test_each_request_takes_its_turn_of_the_budget(receiver):
    budget = Turnstile()
    post(client(receiver.url, budget), [event(number) for number in range(10)])
    assert budget.taken == ["requests"] * 10 and set(CRM.limits(destination(receiver.url))) == {"requests"}


def test_one_after_the_other_goes_over_one_connection(receiver):
    one = client(receiver.url)
    for number in range(5):
        post(one, [event(number)])
    assert len(receiver.connections) == 1


def test_connections_are_kept_from_batch_to_batch(receiver):
    one = client(receiver.url, at_once=3)
    receiver.always = lambda post: time.sleep(0.02) or 204
    for batch in range(5):
        assert post(one, [event(number) for number in range(batch * 6, batch * 6 + 6)]) == done(
            *range(batch * 6, batch * 6 + 6)
        )
    assert len(receiver.connections) == 3


def test_a_fault_of_ours_is_not_swallowed_by_a_thread(receiver):
    class Broken(Turnstile):
        def take(self, limit):
            super().take(limit)
            if len(self.taken) == 3:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        post(client(receiver.url, Broken()), [event(number) for number in range(10)])


def test_numbers_that_only_python_can_write_are_sent(receiver):
    assert post(client(receiver.url), [event(1, notes=2**70)]) == done(1)
    assert json.loads(receiver.posts[0].body)["data"]["outcome"]["notes"] == 2**70


def test_nothing_is_asked_where_the_url_leads_to_a_private_address(receiver):
    own = destination(receiver.url)
    closed = CRM.client(type(own)(own.name, own.kind, {**own.settings, "allow_private_addresses": False}), Turnstile())
    with pytest.raises(Unavailable, match="public address"):
        post(closed, [event()])
    [line] = [line for line in CRM.check(closed, own, False) if not line.fine]
    assert "allow_private_addresses" in line.todo
    assert receiver.posts == []


def test_proxies_of_the_environment_are_not_asked(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert post(client(receiver.url), [event()]) == done(1)


def test_check_says_what_is_wrong_and_posts_nothing(receiver):
    def lines():
        return [(line.fine, line.what) for line in CRM.check(client(receiver.url), destination(receiver.url), False)]

    assert all(fine for fine, _ in lines())
    receiver.always = 410
    assert lines()[-1] == (False, "the receiver wants events")
    assert {one.verb for one in receiver.posts} == {"HEAD"}


def test_check_says_that_a_certificate_is_not_trusted(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    with receiving(context) as secure:
        lines = list(CRM.check(client(secure.url), destination(secure.url), False))
        assert [line.fine for line in lines][-1] is False and "ca_file" in lines[-1].todo
        assert post(client(secure.url, ca_file=str(path)), [event()]) == done(1)
        assert len(secure.posts) == 1
