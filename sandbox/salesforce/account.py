"""Salesforce, played locally over real HTTP: one org, with its contacts, leads, Tasks and users.

    org = Salesforce(lifted=True)
    org.add("Lead", LastName="Asha", Phone="+919810012345")
    with running(create_app(org)) as url: ...

``api.create_app(org)`` is its HTTP side; ``python -m sandbox.salesforce --port 9450`` serves it from a shell.
"""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.accounts import Account
from sandbox.salesforce.faults import FAULTS
from sandbox.salesforce.objects import STATUSES, Field, made_id, objects

CLIENT, SECRET = "demo-app", "demo-secret"
FIELD = "Wrapup_Outcome_Id__c"
ORG_ID = "00D000000000666EAA"
NAMES = ("Asha", "Bharat", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Hari", "Indu", "Jai")
Row = dict[str, Any]


@dataclass
class App:
    """The one that may ask. ``modulus``: of the certificate that signs its requests, where it has one."""

    id: str = CLIENT
    secret: str = SECRET
    username: str = "wrapup@example.test"
    audience: str = "https://login.salesforce.com"
    modulus: int | None = None
    exponent: int = 65_537


@dataclass
class Kept:
    """A record. ``since``: when its numbers were last written, for the search; ``writes``: all that was ever set."""

    row: Row
    since: float = 0.0
    deleted: bool = False
    writes: list[Row] = field(default_factory=list)


class Salesforce(Account):
    """One org. ``external_id``: the Activity field of ours; empty where nobody has made one. ``limit``: requests of a day."""

    def __init__(
        self,
        external_id: str = FIELD,
        zone: str = "Asia/Kolkata",
        search_delay: float = 5.0,
        lifted: bool = False,
        limit: int = 100_000,
        secret: str = SECRET,
        seed: int = 0,
    ):
        super().__init__(FAULTS)
        self.app = App(secret=secret)
        self.tokens: set[str] = set()
        self.objects = objects()
        self.external_id = external_id
        if external_id:
            self.objects["Task"].fields[external_id] = Field(external_id, external=True, longest=64)
        self.records: dict[str, dict[str, Kept]] = {name: {} for name in self.objects}
        self.records["Organization"][ORG_ID] = Kept({"Id": ORG_ID, "Name": "Acme", "TimeZoneSidKey": zone})
        self.search_delay = search_delay
        self.lifted = lifted
        self.limit = limit
        self.used = 0
        self.page = 2_000  # records of one answer
        self.cursors: dict[str, list[Row]] = {}
        self.unwanted: str | None = None  # of Tasks in whose Description it stands the org wants none
        self._dice = random.Random(seed)
        self._numbers: Counter[str] = Counter()
        self.user = self.add("User", Email="wrapup@example.test", Name="Wrapup", IsActive=True)

    # What there is ----------------------------------------------------------------------------------------------------
    def add(self, kind: str, id: str | None = None, late: bool = False, **given: Any) -> str:
        """A record; its id. ``late``: search does not see it at once."""
        with self.lock:
            self._numbers[kind] += 1
            known = id or made_id(kind, self._numbers[kind])
            row: Row = dict.fromkeys(self.objects[kind].fields)
            row |= {"Id": known, **({"Status": STATUSES[0], "IsConverted": False} if kind == "Lead" else {}), **given}
            if kind in ("Contact", "Lead"):
                row["Name"] = " ".join(filter(None, (row.get("FirstName"), row.get("LastName") or "Somebody")))
                row["DoNotCall"] = bool(row["DoNotCall"])
            self.records[kind][known] = Kept(row, time.monotonic() if late else 0.0)
            return known

    def furnish(self, people: int = 40) -> list[str]:
        """So many leads and half as many contacts with numbers of their own, none of them called yet, and two users; the leads'
        ids."""
        for name in ("asha", "bharat"):
            self.add("User", Email=f"{name}@example.test", Name=name.title(), IsActive=True)
        numbers = self._dice.sample(range(10**8), people + people // 2)
        named = [(NAMES[at % len(NAMES)], f"Sample {at + 1}", f"+9198{one:08d}") for at, one in enumerate(numbers)]
        made = [self.add("Lead", FirstName=first, LastName=last, Phone=phone) for first, last, phone in named[:people]]
        for first, last, phone in named[people:]:
            self.add("Contact", FirstName=first, LastName=last, MobilePhone=phone)
        return made

    def live(self, kind: str, id_: Any, gone: Any = ()) -> Kept | None:
        """The record, where it is there; an id may be written in two ways."""
        wanted = str(id_)[:15]
        found = self.records[kind].get(str(id_)) or next(
            (one for known, one in self.records[kind].items() if known[:15] == wanted), None
        )
        is_gone = found is None or found.deleted or wanted in {str(one)[:15] for one in gone or ()}
        return None if is_gone else found

    def delete(self, kind: str, id_: str) -> bool:
        """As a person of the org would. Whether it was there."""
        with self.lock:
            found = self.live(kind, id_)
            if found is not None:
                found.deleted = True
            return found is not None

    def write(self, kept: Kept, given: Mapping[str, Any]) -> None:
        kept.row |= given
        if any("Phone" in name for name in given):  # else it stands in the index as it did
            kept.since = time.monotonic()
        kept.writes.append(dict(given))

    def change(self, kind: str, id_: str, given: Mapping[str, Any]) -> bool:
        """As a person of the org would."""
        with self.lock:
            found = self.live(kind, id_)
            if found is not None:
                self.write(found, given)
            return found is not None

    def merge(self, kind: str, gone: str, into: str) -> None:
        """As a person merges two records: the first's Tasks stand on the second, its id leads nowhere. Raises KeyError."""
        with self.lock:
            if gone == into or self.live(kind, gone) is None or self.live(kind, into) is None:
                raise KeyError(gone)
            self.delete(kind, gone)
            self._move(gone, into)

    def convert(self, lead: str) -> str:
        """As a person converts a lead; the id of the contact that it becomes. Raises KeyError."""
        with self.lock:
            found = self.live("Lead", lead)
            if found is None:
                raise KeyError(lead)
            names = ("FirstName", "LastName", "Phone", "MobilePhone")
            contact = self.add("Contact", **{name: found.row[name] for name in names})
            found.row |= {"IsConverted": True, "ConvertedContactId": contact}
            self._move(lead, contact)
            return contact

    def _move(self, gone: str, into: str) -> None:
        for one in self.records["Task"].values():
            if one.row["WhoId"] == gone:
                one.row["WhoId"] = into

    # Requests ---------------------------------------------------------------------------------------------------------
    def granted(self) -> str:
        """A new access token."""
        with self.lock:
            self.counted["tokens granted"] += 1
            token = f"00D000000000666!granted-{self.counted['tokens granted']}"
            self.tokens.add(token)
            return token

    # What became of it ------------------------------------------------------------------------------------------------
    def mark(self, row: Row) -> Any:
        return row.get(self.external_id) if self.external_id else row["CallObject"]

    def calls(self) -> list[Row]:
        """Every Task that is there, with its mark."""
        with self.lock:
            return [one.row | {"mark": self.mark(one.row)} for one in self.records["Task"].values() if not one.deleted]

    def set(self, kind: str, id_: str, name: str) -> list[Any]:
        """Everything that was ever written to that field, the first first."""
        with self.lock:
            return [one[name] for one in self.records[kind][id_].writes if name in one]

    def shown(self, kind: str) -> list[Row]:
        with self.lock:
            rows = self.records[kind].values()
            return [one.row | {"deleted": one.deleted, "writes": one.writes} for one in rows]
