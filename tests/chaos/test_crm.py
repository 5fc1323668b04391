"""Outcomes on their way into CRMs while everything fails, in short; `make chaos` is the long one. Would the balance notice?"""

import random
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select, update

from crm.destination import Rule
from models import CallOutcome, Delivery
from models.database import Database
from tests.chaos.crm import balance, scene
from tests.chaos.crm.found import look
from tests.crm.engine import Engine, account, hubspot_of, listening, webhook_of
from tests.server import ROOT

pytestmark = pytest.mark.slow

SHORT = ["--short", "--outcomes", "160", "--minutes", "0.33", "--pace", "3", "--pause", "7"]
LONGEST_SECONDS = 400


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each_call_stands_there_once_whatever_strikes(tmp_path, kind):
    command = [sys.executable, "-m", "tests.chaos.crm", "--database", kind, "--folder", str(tmp_path / "run"), *SHORT]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            code = process.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)  # it ends its workers and its server
            code = process.wait(60)
    assert code == 0, "the ledger and the seed are printed above; the log lies in the folder"


# The balance ------------------------------------------------------------------------------------------------------------
PEOPLE = scene.people(3)
STATUS = tuple(
    Rule("disposition", words, {"hs_lead_status": scene.lead_status(words), scene.LAST_CALL: scene.last_call(words)})
    for words in (scene.said(slot, version) for slot in range(4) for version in scene.VERSIONS)
)


class World:
    """Calls of three people that were delivered without a fault, some of them corrected, one of them merged."""

    def __init__(self, engine: Engine, hubspot, receiver):
        self.engine, self.hubspot, self.receiver = engine, hubspot, receiver
        self.both = (hubspot_of(hubspot, "crm", status=STATUS), webhook_of(receiver, "hook"))
        engine.started(*self.both)
        self.calls = [self._made(who.number, slot) for slot in range(2) for who in PEOPLE]
        self.bad = self._made(PEOPLE[0].number, 2, connect_outcome="failed")
        self.held = self._made(scene.UNKNOWN_NUMBER, 0)
        self.twin = self._made(PEOPLE[1].number, 1, disposition=scene.said(1, scene.TWIN))
        self.deliver()
        for call in self.calls[3:]:
            self.correct(call, scene.said(1, "1"))
        engine.changed(self.twin, merged_into=self.calls[4])
        self.deliver()

    def _made(self, number: str, slot: int, **given):
        words = {"disposition": scene.said(slot, "0"), "started_at": scene.begins(slot), "direction": "outbound"}
        given = {"customer_number": number, "notes": "revision 1", "talk_seconds": 1} | words | given
        return self.engine.made(**given)

    def correct(self, call, words: str) -> None:
        self.engine.changed(call, notes="revision 2", talk_seconds=2, disposition=words)

    def deliver(self) -> None:
        for one in self.both:
            self.engine.run(one)

    def record(self, call):
        """HubSpot's of the call."""
        return self.hubspot.records["calls"].by(scene.MARK, str(call))

    def problems(self) -> list[str]:
        people = {one.number: one.id for one in PEOPLE}
        return balance.wrong(look(self.engine.database, self.hubspot, self.receiver, people))

    # What may be wrong ------------------------------------------------------------------------------------------------
    def missing(self):
        self.hubspot.archive("calls", self.record(self.calls[0]).id)

    def doubled(self):
        there = self.record(self.calls[0])
        twice = self.hubspot.records["calls"].add(dict(there.properties))
        twice.properties["hs_object_id"] = twice.id

    def without_a_mark(self):
        self.hubspot.records["calls"].add({"hs_call_body": "revision 1"})

    def left_behind(self):
        self.hubspot.records["calls"].add({scene.MARK: str(self.twin), "hs_call_body": "revision 1"})

    def refused_and_there(self):
        self.hubspot.records["calls"].add({scene.MARK: str(self.bad), "hs_call_body": "revision 1"})

    def stale(self):
        with self.engine.database.write() as session:
            changed = {"notes": "revision 9", "revision": CallOutcome.revision + 1}
            session.execute(update(CallOutcome).where(CallOutcome.id == self.calls[0]).values(changed))

    def another_value(self):
        there = self.record(self.calls[0])
        self.hubspot.records["calls"].write(there, {"hs_call_duration": "7000"})

    def on_another_contact(self):
        there = self.record(self.calls[0])
        self.hubspot.associations.forget("calls", there)
        self.hubspot.associations.put(("calls", there.id), ("contacts", PEOPLE[1].id), [194])

    def on_two_contacts(self):
        self.hubspot.associations.put(("calls", self.record(self.calls[0]).id), ("contacts", PEOPLE[1].id), [194])

    def on_no_contact(self):
        self.hubspot.associations.forget("calls", self.record(self.calls[0]))

    def written_backwards(self):
        there = self.record(self.calls[3])
        for revision in (1, 2):
            self.hubspot.records["calls"].write(there, {"hs_call_body": f"revision {revision}"})

    def another_status(self):
        self.hubspot.add_contact(PEOPLE[0].id, hs_lead_status="UNQUALIFIED")

    def status_of_an_older_call(self):
        for words in (scene.said(0, "0"), scene.said(1, "1")):
            self.hubspot.add_contact(PEOPLE[1].id, **{scene.LAST_CALL: scene.last_call(words)})

    def status_before_its_correction(self):
        for version in ("0", "1"):
            self.hubspot.add_contact(PEOPLE[1].id, **{scene.LAST_CALL: f"1-{version}"})

    def event_missing(self):
        gone = str(self.calls[5])
        self.receiver.events = [event for event in self.receiver.events if event.outcome_id != gone]

    def event_of_an_earlier_revision(self):
        last = self.receiver.last(str(self.calls[5]))
        self.receiver.events.remove(last)

    def event_altered(self):
        self.receiver.altered.append("1")

    def still_unknown(self):
        self._deliveries(Delivery.outcome_id == self.calls[0], state="unknown")

    def done_is_said_of_an_earlier_revision(self):
        self._deliveries(Delivery.outcome_id == self.calls[3], Delivery.revision == 2, state="undone")

    def remote_id_of_another(self):
        self._deliveries(Delivery.outcome_id == self.calls[0], Delivery.operation == "log_call", remote_id="1")

    def refused_without_cause(self):
        self._deliveries(Delivery.outcome_id == self.calls[0], Delivery.operation == "log_call", state="refused")

    def not_said_that_it_was_removed(self):
        self._deliveries(Delivery.operation == "remove_call", state="refused")

    def not_held(self):
        self._deliveries(Delivery.outcome_id == self.held, state="undone")

    def _deliveries(self, *which, **values):
        self.engine.set(Delivery, *which, **values)


WRONG = [
    *(World.missing, World.doubled, World.without_a_mark, World.left_behind, World.refused_and_there, World.stale),
    *(World.another_value, World.on_another_contact, World.on_two_contacts, World.on_no_contact),
    *(World.written_backwards, World.another_status, World.status_of_an_older_call),
    *(World.status_before_its_correction, World.event_missing, World.event_of_an_earlier_revision),
    *(World.event_altered, World.still_unknown, World.done_is_said_of_an_earlier_revision),
    *(World.remote_id_of_another, World.refused_without_cause, World.not_said_that_it_was_removed, World.not_held),
]


@pytest.fixture
def world(sqlite_url):
    database = Database(sqlite_url)
    with account() as hubspot, listening() as receiver:
        scene.furnish(hubspot, PEOPLE, random.Random(1))
        yield World(Engine(database), hubspot, receiver)
    database.close()


def test_it_balances_when_nothing_happened(world):
    assert world.problems() == []
    with world.engine.database.read() as session:
        states = set(session.scalars(select(Delivery.state)))
    assert states == {"done", "held", "refused"}


@pytest.mark.parametrize("tamper", WRONG, ids=lambda one: one.__name__)
def test_it_does_not_balance_when(world, tamper):
    tamper(world)
    assert world.problems() != []
