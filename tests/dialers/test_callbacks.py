"""Every dialer that posts callbacks: its posts over real sockets to one ``wrapup serve``, good ones, repeated ones, in any
order, and whatever else comes to their URLs.

A dialer without posts fails here: see ``callback_cases``.
"""

from dataclasses import replace
from itertools import permutations

import pytest

from rig.waiting import until
from tests.conftest import empty_database
from tests.dialers import callback_cases as cases
from tests.dialers.callback_cases import FORM, Post

pytestmark = pytest.mark.slow

every_dialer = pytest.mark.parametrize("dialer", cases.DIALERS_WITH_CALLBACKS)
every_kind = pytest.mark.parametrize(("dialer", "kind"), cases.KINDS)

MOST_ORDERS = 12
MEBIBYTE = 2**20
SAID = ("connect_outcome", "disposition", "customer_number", "agent_username", "started_at", "talk_seconds", "is_final")

# Nothing of this is a callback that any dialer posts.
GARBAGE = {
    "bytes": Post("", b"\x00\xff\xfe{]\x80"),
    "empty": Post("", b""),
    "brackets": Post("", b"[" * MEBIBYTE),
    "more than is taken": Post("", b"[" * (MEBIBYTE + 1)),
    "a list": Post("", b"[1, 2]"),
    "null": Post("", b"null"),
    "no names that are known": Post("", b'{"color": "green"}'),
    "a form": Post("", b"color=green&size=7", FORM),
    "get": Post("", b"", method="GET"),
    "get with a query": Post("", b"", query="color=green", method="GET"),
}


@pytest.fixture(scope="module")
def intake(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("callbacks")
    with empty_database(request, folder, "sqlite") as url, cases.intake(folder, url) as found:
        until(lambda: found.served.pids("service.worker"), 40)
        yield found


@pytest.fixture(autouse=True)
def unharmed(intake):
    """No test leaves a fault in the log, or a process less."""
    before, told = (intake.served.pids("gunicorn"), intake.served.pids("service.worker")), len(intake.said())
    yield
    assert (intake.served.pids("gunicorn"), intake.served.pids("service.worker")) == before
    said = intake.said()[told:]
    assert "Traceback" not in said and "exception" not in said.casefold(), said[-3000:]


@every_dialer
def test_each_kind_is_posted(dialer):
    posted = {post.kind for post in cases.posting(dialer).posts(1)}
    assert posted == set(cases.DIALERS[dialer].callback_kinds)


@every_kind
def test_a_callback_is_one_outcome(dialer, kind, intake):
    number = next(intake.numbers)
    last = [post for post in cases.posting(dialer).posts(number) if post.kind == kind][-1]
    found = intake.outcome_of(dialer, [last], number)
    assert (found["dialer"], found["sources"]) == (dialer, [f"callback:{kind}"])
    assert found["customer_number"] or found["customer_number_raw"]


@every_dialer
def test_all_callbacks_of_a_call_are_one_outcome(dialer, intake):
    number = next(intake.numbers)
    found = intake.outcome_of(dialer, cases.posting(dialer).posts(number), number)
    assert (found["connect_outcome"], found["is_final"]) == ("connected", True)
    assert found["sources"] == sorted(f"callback:{kind}" for kind in cases.DIALERS[dialer].callback_kinds)


@every_dialer
def test_the_same_callbacks_twice_are_one_outcome(dialer, intake):
    once, twice = next(intake.numbers), next(intake.numbers)
    posts = cases.posting(dialer).posts
    expected = intake.outcome_of(dialer, posts(once), once)
    assert intake.outcome_of(dialer, posts(twice), twice, copies=2) == expected


@every_dialer
def test_the_order_does_not_matter(dialer, intake):
    posts = cases.posting(dialer).posts
    count = len(posts(0))
    orders = sorted(permutations(range(count)), key=lambda order: order[::-1])
    step = max(1, len(orders) // MOST_ORDERS)
    number = next(intake.numbers)
    expected = intake.outcome_of(dialer, posts(number), number)
    for order in {*orders[::step], tuple(reversed(range(count)))}:
        number = next(intake.numbers)
        given = posts(number)
        assert intake.outcome_of(dialer, [given[at] for at in order], number) == expected, order


@every_kind
def test_what_is_no_callback_is_kept_with_its_end(dialer, kind, intake):
    for name, garbage in GARBAGE.items():
        known, before = intake.known(), len(intake.outcomes())
        intake.send(dialer, replace(garbage, kind=kind))
        (receipt,) = intake.concluded(known, 1)
        assert receipt.state in ("ignored", "quarantined") and receipt.reason, (name, receipt.state)
        assert (receipt.body, receipt.method) == (garbage.body[:MEBIBYTE], garbage.method), name
        assert len(intake.outcomes()) == before, name


@every_dialer
def test_half_a_callback_harms_no_other(dialer, intake):
    number = next(intake.numbers)
    last = cases.posting(dialer).posts(number)[-1]
    known = intake.known()
    intake.send(dialer, replace(last, body=last.body[: len(last.body) // 2]))
    (receipt,) = intake.concluded(known, 1)
    assert (receipt.state, receipt.reason) == ("quarantined", "unparseable")
    intake.outcome_of(dialer, [last], number)


@every_dialer
@pytest.mark.parametrize(
    ("reason", "how"),
    [
        ("wrong_token", {"token": "wrong"}),
        ("unknown_connection", {"connection": "nobody"}),
        ("unknown_kind", {}),
    ],
)
def test_callbacks_at_the_wrong_address_are_kept_and_not_read(dialer, reason, how, intake):
    number = next(intake.numbers)
    post = cases.posting(dialer).posts(number)[-1]
    known = intake.known()
    intake.send(dialer, post if how else replace(post, kind="nonsense"), **how)
    (receipt,) = intake.concluded(known, 1)
    assert (receipt.state, receipt.reason, receipt.body) == ("quarantined", reason, post.body)
    assert intake.outcomes(cases.posting(dialer).call_id(number)) == []


@every_dialer
@pytest.mark.parametrize("way", cases.WAYS)
def test_a_callback_that_is_no_json(dialer, way, intake):
    """Says the same where the dialer may post so; is kept with a reason where it does not."""
    once, other = next(intake.numbers), next(intake.numbers)
    posting = cases.posting(dialer)
    expected = intake.outcome_of(dialer, [posting.posts(once)[-1]], once)
    post = cases.WAYS[way](posting.posts(other)[-1])
    if way in posting.WAYS:
        found = intake.outcome_of(dialer, [post], other)
        assert [found[name] for name in SAID] == [expected[name] for name in SAID]
        return
    known = intake.known()
    intake.send(dialer, post)
    (receipt,) = intake.concluded(known, 1)
    assert receipt.state in ("ignored", "quarantined") and receipt.reason
    assert intake.outcomes(posting.call_id(other)) == []
