"""The balance of calls in CRMs can fail: each kind of loss, doubling and going back is seen."""

import random
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import pytest

from crm.destination import Rule
from models.database import Database
from tests.chaos.crm import balance, hubspot, scene
from tests.chaos.crm.found import Found, look
from tests.crm.engine import Engine, account, hubspot_of, listening, webhook_of

PEOPLE = scene.people(3)
NUMBERS = {one.number: one.id for one in PEOPLE}
FIRST, SECOND = PEOPLE[0].id, PEOPLE[1].id
STATUS = tuple(
    Rule("disposition", words, {"hs_lead_status": scene.lead_status(words), scene.LAST_CALL: scene.last_call(words)})
    for words in (scene.said(slot, version) for slot in range(4) for version in scene.VERSIONS)
)


def said(number: str, slot: int, **given):
    words = {"disposition": scene.said(slot, "0"), "started_at": scene.begins(slot), "direction": "outbound"}
    return {"customer_number": number, "notes": "revision 1", "talk_seconds": 1} | words | given


def delivered(engine: Engine, side, receiver) -> SimpleNamespace:
    """Calls of three people that were delivered without a fault: two of each, the later ones corrected, one of them merged. Their
    ids, and how to look at everything."""
    both = (hubspot_of(side.account, "crm", status=STATUS), webhook_of(receiver, "hook"))
    engine.started(*both)
    calls = [engine.made(**said(who.number, slot)) for slot in range(2) for who in PEOPLE]
    bad = engine.made(**said(PEOPLE[0].number, 2, connect_outcome="failed"))
    held = engine.made(**said(scene.UNKNOWN_NUMBER, 0))
    twin = engine.made(**said(PEOPLE[1].number, 1, disposition=scene.said(1, scene.TWIN)))
    for one in both:
        engine.run(one)
    for call in calls[3:]:
        engine.changed(call, notes="revision 2", talk_seconds=2, disposition=scene.said(1, "1"))
    engine.changed(twin, merged_into=calls[4])
    for one in both:
        engine.run(one)
    ids = {"calls": [str(call) for call in calls], "bad": str(bad), "held": str(held), "twin": str(twin)}
    return SimpleNamespace(**ids, look=lambda: look(engine.database, side, receiver, NUMBERS))


@pytest.fixture(scope="module")
def world(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("balance") / "wrapup.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    with account() as there, listening() as receiver:
        side = hubspot.Side([], 0, True, 1)
        side.account = there
        hubspot.furnish(there, PEOPLE, random.Random(1))
        made = delivered(Engine(database), side, receiver)
        made.hubspot = there
        yield made
    database.close()


@pytest.fixture
def found(world) -> Found:
    """What is found of it, to be spoiled."""
    return deepcopy(world.look())


def call(found: Found, mark: str):
    return next(one for one in found.calls if one.mark == mark and one.live)


def contact(found: Found, id_: str):
    return next(one for one in found.contacts if one.id == id_)


def rows(found: Found, *, of: str | None = None, operation: str | None = None, revision: int | None = None, **changed):
    """Deliveries that say something else."""
    wanted = {"outcome_id": of, "operation": operation, "revision": revision}
    asked = {name: value for name, value in wanted.items() if value is not None}
    found.deliveries = [
        replace(row, **changed) if all(getattr(row, name) == value for name, value in asked.items()) else row
        for row in found.deliveries
    ]


def missing(found, world):
    found.calls.remove(call(found, world.calls[0]))


def removed(found, world):
    call(found, world.calls[0]).live = False


def doubled(found, world):
    found.calls.append(replace(call(found, world.calls[0]), id="1"))


def without_a_mark(found, world):
    found.calls.append(replace(call(found, world.calls[0]), id="1", mark=None))


def left_behind(found, world):
    found.calls.append(replace(call(found, world.calls[0]), id="1", mark=world.twin))


def refused_and_there(found, world):
    found.calls.append(replace(call(found, world.calls[0]), id="1", mark=world.bad))


def stale(found, world):
    found.outcomes = [replace(one, revision=one.revision + 1, notes="revision 9") for one in found.outcomes]


def another_value(found, world):
    call(found, world.calls[0]).properties["seconds"] = "7"


def on_another_contact(found, world):
    call(found, world.calls[0]).contacts = [SECOND]


def on_two_contacts(found, world):
    call(found, world.calls[0]).contacts = [FIRST, SECOND]


def on_no_contact(found, world):
    call(found, world.calls[0]).contacts = []


def written_backwards(found, world):
    call(found, world.calls[3]).bodies += [f"revision {revision}" for revision in (1, 2)]


def made_anew_from_an_earlier_revision(found, world):
    there = call(found, world.calls[3])
    found.calls.append(replace(there, id=str(int(there.id) - 1000), live=False, bodies=["revision 3"]))


def another_status(found, world):
    contact(found, FIRST).status = "UNQUALIFIED"


def status_of_an_older_call(found, world):
    contact(found, SECOND).last_calls += ["0-0", "1-1"]


def status_before_its_correction(found, world):
    contact(found, SECOND).last_calls += ["1-0", "1-1"]


def status_of_an_older_call_at_the_end(found, world):
    contact(found, FIRST).last_call = "0-0"


def event_missing(found, world):
    found.events = {of: some for of, some in found.events.items() if of != world.calls[5]}


def event_of_an_earlier_revision(found, world):
    found.events = {of: some[:1] for of, some in found.events.items()}


def event_of_nothing(found, world):
    found.events = dict(found.events) | {"1": found.events[world.calls[0]]}


def event_altered(found, world):
    found.altered = ["1"]


def event_backwards(found, world):
    found.backwards = [{"revision": 1, "after": 2}]


def wrong_request(found, world):
    found.wrong_requests = [{"path": "/crm"}]


def still_unknown(found, world):
    rows(found, of=world.calls[0], state="unknown")


def done_is_said_of_an_earlier_revision(found, world):
    rows(found, of=world.calls[3], revision=2, state="undone")


def remote_id_of_another(found, world):
    rows(found, of=world.calls[0], operation="log_call", remote_id="1")


def refused_without_cause(found, world):
    rows(found, of=world.calls[0], operation="log_call", state="refused")


def status_refused(found, world):
    rows(found, of=world.calls[0], operation="set_status", state="refused")


def event_refused(found, world):
    rows(found, of=world.calls[0], operation="post_event", state="refused")


def not_said_that_it_was_removed(found, world):
    rows(found, operation="remove_call", state="refused")


def not_held(found, world):
    rows(found, of=world.held, state="undone")


SPOILED = [
    *(missing, removed, doubled, without_a_mark, left_behind, refused_and_there, stale, another_value),
    *(on_another_contact, on_two_contacts, on_no_contact, written_backwards, made_anew_from_an_earlier_revision),
    *(another_status, status_of_an_older_call, status_before_its_correction, status_of_an_older_call_at_the_end),
    *(event_missing, event_of_an_earlier_revision, event_of_nothing, event_altered, event_backwards, wrong_request),
    *(still_unknown, done_is_said_of_an_earlier_revision, remote_id_of_another, refused_without_cause),
    *(status_refused, event_refused, not_said_that_it_was_removed, not_held),
]


def test_it_balances_when_nothing_happened(found):
    assert balance.wrong(found) == []
    assert {row.state for row in found.deliveries} == {"done", "held", "refused"}


def test_what_a_twin_had_set_goes_when_it_is_merged(found):
    contact(found, SECOND).last_calls[:] = ["1-t", "0-0", "1-0", "1-1"]
    assert balance.wrong(found) == []


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda one: one.__name__)
def test_it_does_not_balance_when(found, world, spoil):
    spoil(found, world)
    assert balance.wrong(found) != []


def test_what_is_wrong_in_the_account_itself_is_found(world):
    """The last test: the account stays as it is then."""
    records = world.hubspot.records["calls"]
    there = records.by(scene.MARK, world.calls[0])
    records.add(dict(there.properties))  # by nobody's request: the account would have refused it
    records.write(records.by(scene.MARK, world.calls[3]), {"hs_call_body": "revision 1"})
    world.hubspot.archive("calls", records.by(scene.MARK, world.calls[5]).id)
    problems = "\n".join(balance.wrong(world.look()))
    assert f"outcome {world.calls[0]} (of contact {FIRST}): 2 calls instead of 1" in problems
    assert "revision 1 was written after 2" in problems
    assert f"outcome {world.calls[5]} (of contact {PEOPLE[2].id}): 0 calls instead of 1" in problems
