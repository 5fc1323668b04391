"""HubSpot, played locally over real HTTP: one account, with its records, properties, owners, tokens and limits.

    hubspot = Hubspot(lifted=True)
    hubspot.add_contact(firstname="Asha", phone="+919810012345", hs_lead_status="NEW")
    with running(create_app(hubspot)) as url: ...

``api.create_app(hubspot)`` is its HTTP side; ``python -m sandbox.hubspot --port 9446`` serves it from a shell. Played here: the
date version 2026-09 of calls, contacts, associations, properties and owners, and what of the account stands beside it.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.accounts import Account
from sandbox.hubspot import properties
from sandbox.hubspot.associations import TYPES, Associations
from sandbox.hubspot.faults import FAULTS
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.properties import Properties, Property
from sandbox.hubspot.records import PERSON, Record, Records

TOKEN = "demo"
SCOPES = (
    *("oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.owners.read"),
    *("crm.schemas.contacts.read", "crm.schemas.contacts.write"),
)
KINDS = {
    "calls": "calls",
    "call": "calls",
    "0-48": "calls",
    "contacts": "contacts",
    "contact": "contacts",
    "0-1": "contacts",
}
NAMES = ("Asha", "Bharat", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Hari", "Indu", "Jai")


@dataclass(frozen=True)
class Owner:
    id: str
    email: str
    first_name: str = ""
    last_name: str = ""


@dataclass
class App:
    """One that is connected to the account by OAuth. ``seconds``: for which an access token is good, as it says."""

    id: str = "demo-app"
    secret: str = "demo-secret"
    refresh: str = "demo-refresh"
    seconds: int = 1800


class Hubspot(Account):
    """One account. ``tokens``: token -> scopes. ``required``: the account's rules of required fields, each ``{"object", "when",
    "need"}``. ``search_delay``: seconds after which search sees what was written."""

    def __init__(
        self,
        token: str = TOKEN,
        scopes: Sequence[str] = SCOPES,
        portal_id: int = 45678901,
        zone: str = "Asia/Kolkata",
        country: str = "IN",
        search_delay: float = 5.0,
        lifted: bool = False,
        limits: Limits | None = None,
        seed: int = 0,
    ):
        super().__init__(FAULTS)
        self.tokens: dict[str, tuple[str, ...]] = {token: tuple(scopes)}
        self.app = App()
        self.portal_id = portal_id
        self.zone = zone
        self.search_delay = search_delay
        self.limits = limits or Limits(zone, lifted=lifted)
        self.required: list[Mapping[str, Any]] = []
        self.owners: dict[str, Owner] = {}
        self.properties = {
            "calls": Properties(properties.of_calls(), self.owners),
            "contacts": Properties(properties.of_contacts(), self.owners),
        }
        self.records = {
            "calls": Records("calls", self.properties["calls"], 7_000_001, country),
            "contacts": Records("contacts", self.properties["contacts"], 1_000_001, country),
        }
        self.associations = Associations()
        self._dice = random.Random(seed)

    # What there is ----------------------------------------------------------------------------------------------------
    def add_contact(self, id: str | None = None, **given: str) -> str:
        """A contact that search sees at once; its id. An id that is there already is written anew. Raises ValueError for a
        property or a value that the account does not take."""
        kept, faults = self.properties["contacts"].read(given)
        if faults:
            raise ValueError(faults[0]["message"])
        records = self.records["contacts"]
        with self.lock:
            record = records.live(id) if id else None
            if record is None:
                return records.add(kept, id, PERSON).id
            records.write(record, kept, PERSON)
            return record.id

    def add_contacts(self, given: Iterable[Mapping[str, str]]) -> list[str]:
        return [self.add_contact(**one) for one in given]

    def furnish(self, contacts: int = 40) -> list[str]:
        """Contacts with numbers of their own, none of them called yet, and two owners; the contacts' ids."""
        for name in ("asha", "bharat"):
            self.add_owner(f"{name}@example.test", first_name=name.title())
        numbers = self._dice.sample(range(10**8), contacts)
        return [
            self.add_contact(
                firstname=NAMES[place % len(NAMES)],
                lastname=f"Sample {place + 1}",
                phone=f"+9198{number:08d}",
                hs_lead_status="NEW",
                email=f"contact{place + 1}@example.test",
            )
            for place, number in enumerate(numbers)
        ]

    def add_owner(self, email: str, id: str | None = None, first_name: str = "", last_name: str = "") -> str:
        with self.lock:
            owner = Owner(id or str(501 + len(self.owners)), email, first_name, last_name)
            self.owners[owner.id] = owner
        return owner.id

    def add_property(self, kind: str, name: str, unique: bool = False, **more: Any) -> None:
        self.properties[kind].add(Property(name, unique=unique, ours=True, **more))

    def archive(self, kind: str, id_: str) -> bool:
        """Whether it was there."""
        with self.lock:
            record = self.records[kind].live(id_)
            if record is None:
                return False
            self.records[kind].archive(record)
            self.associations.forget(kind, record)
        return True

    def erase(self, id_: str) -> None:
        """A contact is gone for good, and nothing of it is kept."""
        if self.archive("contacts", id_):
            with self.lock:
                self.records["contacts"].forget(id_)

    def merge(self, gone: str, into: str) -> None:
        """As a person merges two contacts: the first's calls stand on the second, and both ids lead there. Raises KeyError."""
        with self.lock:
            records = self.records["contacts"]
            old, new = records.live(gone), records.live(into)
            if old is None or new is None or old is new:
                raise KeyError(gone if old is None else into)
            calls = self.associations.of(("contacts", old.id), "calls")
            self.associations.forget("contacts", old)
            records.merge(old, new)
            for call, _ in calls:
                self.associations.put(("calls", call), ("contacts", new.id), [TYPES["calls", "contacts"]])

    # What became of it ------------------------------------------------------------------------------------------------
    def calls(self) -> list[dict[str, Any]]:
        """Every call that is there, with the ids of its contacts."""
        with self.lock:
            return [self._call(record) for record in self.records["calls"].found.values() if record.archived_at is None]

    def call(self, mark: str) -> dict[str, Any] | None:
        """The call that has the mark in one of the account's unique properties."""
        with self.lock:
            for name in self.properties["calls"].unique():
                record = self.records["calls"].by(name, mark)
                if record is not None:
                    return self._call(record)
        return None

    def contact(self, id_: str) -> dict[str, str]:
        """Its properties as they are; raises KeyError."""
        with self.lock:
            return dict(self.records["contacts"].found[id_].properties)

    def statuses(self, id_: str, name: str = "hs_lead_status") -> list[str]:
        """Everything that was ever written to that property, the first first."""
        with self.lock:
            return [said[name] for _, said, _ in self.records["contacts"].found[id_].writes if name in said]

    def contacts(self) -> list[dict[str, Any]]:
        with self.lock:
            return [
                {
                    "id": record.id,
                    "archived": record.archived_at is not None,
                    "properties": record.properties,
                    "statuses": self.statuses(record.id),
                    "writes": [{"at": at.isoformat(), "by": by} | dict(said) for at, said, by in record.writes],
                    "calls": [id_ for id_, _ in self.associations.of(("contacts", record.id), "calls")],
                }
                for record in self.records["contacts"].found.values()
            ]

    def _call(self, record: Record) -> dict[str, Any]:
        marks = [record.properties[name] for name in self.properties["calls"].unique() if record.properties.get(name)]
        return {
            "id": record.id,
            "mark": marks[0] if marks else None,
            "properties": record.properties,
            "contacts": [id_ for id_, _ in self.associations.of(("calls", record.id), "contacts")],
            "written": record.times_written,
            "history": [dict(said) for _, said, _ in record.writes],
        }
