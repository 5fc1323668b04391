"""Zoho CRM, played locally over real HTTP: one account, with its leads, contacts, calls, fields and users.

    zoho = Zoho(lifted=True)
    zoho.add("Leads", Last_Name="Asha", Phone="+919810012345")
    with running(create_app(zoho)) as url: ...

``api.create_app(zoho)`` is its HTTP side; ``python -m sandbox.zoho --port 9449`` serves it from a shell.
"""

import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.accounts import Account
from sandbox.zoho import metadata
from sandbox.zoho.faults import FAULTS
from sandbox.zoho.limits import Limits

NAMES = ("Asha", "Bharat", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Hari", "Indu", "Jai")
FIRST_ID = 5_540_230_000_003_001_000
LEADS, CONTACTS, CALLS = "Leads", "Contacts", "Calls"
_MARK = re.compile(r"Wrapup: ([0-9A-Za-z-]+)\s*\Z")
Row = dict[str, Any]


@dataclass
class App:
    """One that is connected by OAuth. ``seconds``: for which an access token is good, as it says."""

    id: str = "1000.DEMO"
    secret: str = "demo-secret"
    refresh: str = "1000.demo-refresh"
    seconds: int = 3600


@dataclass
class Kept:
    """A record. ``since``: when it was made, for the search; ``writes``: all that was ever set."""

    row: Row
    since: float = 0.0
    gone: bool = False
    writes: list[Row] = field(default_factory=list)


class Zoho(Account):
    """One account. ``tokens``: those that are good. ``search_delay``: seconds after which search sees what was made.
    ``unwanted``: a text that the description of a call must not hold, by a rule of the account."""

    def __init__(
        self,
        org: str = "60001",
        center: str = "com",
        search_delay: float = 5.0,
        lifted: bool = False,
        limits: Limits | None = None,
        seed: int = 0,
    ):
        super().__init__(FAULTS)
        self.org = org
        self.center = center
        self.app = App()
        self.tokens: set[str] = set()
        self.users: dict[str, str] = {"6000000000000111": "admin@example.test"}
        self.search_delay = search_delay
        self.limits = limits or Limits(lifted=lifted)
        self.fields: dict[str, dict[str, Row]] = metadata.own()
        self.records: dict[str, dict[str, Kept]] = {LEADS: {}, CONTACTS: {}, CALLS: {}}
        self.unwanted: str | None = None
        self.durations = "mm:ss"  # or hh:mm
        self._dice = random.Random(seed)
        self._last_id = FIRST_ID

    # What there is ----------------------------------------------------------------------------------------------------
    def add(self, module: str, id: str | None = None, late: bool = False, **given: Any) -> str:
        """A record; its id. ``late``: search does not see it at once."""
        with self.lock:
            kept = self.make(module, {"Owner": self.owner(), **given}, id)
            kept.since = time.monotonic() if late else 0.0
        return str(kept.row["id"])

    def make(self, module: str, row: Mapping[str, Any], id_: str | None = None) -> Kept:
        """As it is, by whoever holds the lock."""
        self._last_id += 1
        known = id_ or str(self._last_id)
        kept = Kept({**row, "id": known, "Created_Time": now(), "Modified_Time": now()}, time.monotonic())
        self.records[module][known] = kept
        if module != CALLS:
            self._name(kept.row)
        return kept

    def write(self, kept: Kept, given: Mapping[str, Any]) -> None:
        kept.row |= {name: value for name, value in given.items() if name != "id"}
        kept.row["Modified_Time"] = now()
        kept.writes.append(dict(given))

    @staticmethod
    def _name(row: Row) -> None:
        row["Full_Name"] = " ".join(str(row[one]) for one in ("First_Name", "Last_Name") if row.get(one))

    def owner(self) -> Row:
        id_, email = next(iter(self.users.items()))
        return {"id": id_, "name": "Admin", "email": email}

    def furnish(self, leads: int = 40) -> list[str]:
        """Leads with numbers of their own, none of them called yet, and two users; the leads' ids."""
        for name in ("asha", "bharat"):
            self.add_user(f"{name}@example.test")
        numbers = self._dice.sample(range(10**8), leads)
        return [
            self.add(
                LEADS,
                First_Name=NAMES[place % len(NAMES)],
                Last_Name=f"Sample {place + 1}",
                Company="Acme",
                Phone=f"+9198{number:08d}",
                Lead_Status="Not Contacted",
            )
            for place, number in enumerate(numbers)
        ]

    def add_user(self, email: str) -> str:
        with self.lock:
            id_ = str(6_000_000_000_000_111 + len(self.users))
            self.users[id_] = email
        return id_

    def add_field(
        self, module: str, name: str, type_: str, options: Sequence[str] | None = None, unique: bool = False
    ) -> None:
        with self.lock:
            self.fields[module][name] = metadata.row(name, type_, options, unique=unique, custom=True)

    def live(self, module: str, id_: Any, gone: Any = ()) -> Kept | None:
        """The record, where it is there."""
        found = self.records.get(module, {}).get(str(id_))
        is_gone = found is None or found.gone or str(id_) in {str(one) for one in gone or ()}
        return None if is_gone else found

    def delete(self, module: str, id_: str) -> bool:
        """As a person of the account would. Whether it was there."""
        with self.lock:
            found = self.live(module, id_)
            if found is not None:
                found.gone = True
            return found is not None

    def change(self, module: str, id_: str, given: Mapping[str, Any]) -> bool:
        """As a person of the account would."""
        with self.lock:
            found = self.live(module, id_)
            if found is not None:
                self.write(found, given)
            return found is not None

    def convert(self, lead: str) -> str:
        """As a person converts a lead: its calls stand on the contact. The contact's id; raises KeyError."""
        with self.lock:
            found = self.live(LEADS, lead)
            if found is None:
                raise KeyError(lead)
            contact = self.add(CONTACTS, Last_Name=found.row.get("Last_Name"), Phone=found.row.get("Phone"))
            self._move(lead, contact)
            found.gone = True
        return contact

    def merge(self, module: str, gone: str, into: str) -> None:
        """As a person merges two records: the first's calls stand on the second, its id leads nowhere. Raises KeyError."""
        with self.lock:
            if gone == into or self.live(module, gone) is None or self.live(module, into) is None:
                raise KeyError(gone)
            self._move(gone, into)
            self.records[module][gone].gone = True

    def _move(self, gone: str, into: str) -> None:
        is_contact = self.live(CONTACTS, into) is not None
        for kept in self.records[CALLS].values():
            if gone in (place(kept.row, "Who_Id"), place(kept.row, "What_Id")):
                kept.row |= {"Who_Id": {"id": into}, "What_Id": None} if is_contact else {"What_Id": {"id": into}}

    def unique_fields(self, module: str) -> list[str]:
        return [name for name, one in self.fields[module].items() if one["unique"]]

    def holder(self, module: str, name: str, value: Any, but: str | None = None) -> Kept | None:
        """Who has a value already."""
        wanted = str(value or "").casefold()
        rows = (kept for id_, kept in self.records[module].items() if not kept.gone and id_ != but)
        return next((kept for kept in rows if wanted and str(kept.row.get(name) or "").casefold() == wanted), None)

    def seconds(self, duration: Any) -> int | None:
        """As the account understands it."""
        first, _, second = str(duration or "").partition(":")
        if not (first.isdigit() and second.isdigit()):
            return None
        return (int(first) * 60 + int(second)) * (60 if self.durations == "hh:mm" else 1)

    # What became of it ------------------------------------------------------------------------------------------------
    def calls(self) -> list[Row]:
        """Every call that is there: its fields, its mark, and the record on which it stands."""
        with self.lock:
            return [self.shown_call(kept) for kept in self.records[CALLS].values() if not kept.gone]

    def statuses(self, id_: str, name: str = "Lead_Status") -> list[Any]:
        """Everything that was ever written to that field, the first first."""
        with self.lock:
            return [one[name] for one in self.records[LEADS][id_].writes if name in one]

    def shown(self, module: str) -> list[Row]:
        with self.lock:
            return [one.row | {"writes": one.writes, "gone": one.gone} for one in self.records[module].values()]

    def shown_call(self, kept: Kept) -> Row:
        marks = [kept.row[name] for name in self.unique_fields(CALLS) if kept.row.get(name)]
        marks += _MARK.findall(str(kept.row.get("Description") or ""))
        on = place(kept.row, "Who_Id") or place(kept.row, "What_Id")
        return {"id": kept.row["id"], "mark": marks[0] if marks else None, "on": on, "fields": kept.row}


def place(row: Mapping[str, Any], name: str) -> str | None:
    found = row.get(name)
    return str(found["id"]) if isinstance(found, Mapping) and found.get("id") else None


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
