"""Pipedrive, played locally over real HTTP: one company, with its persons, leads, deals, activities, call logs and users.

    pipedrive = Pipedrive(lifted=True)
    pipedrive.add_person(name="Asha", phone="+919810012345")
    with running(create_app(pipedrive)) as url: ...

``api.create_app(pipedrive)`` is its HTTP side; ``python -m sandbox.pipedrive --port 9447`` serves it from a shell.
"""

import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.accounts import Account
from sandbox.pipedrive.faults import FAULTS
from sandbox.pipedrive.limits import Limits

TOKEN = "demo"
NAMES = ("Asha", "Bharat", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Hari", "Indu", "Jai")
LABELS = ("Hot", "Warm", "Cold")
STATUS_FIELD = "4f0c1e" + "0" * 34  # a custom field of persons with options, whose key is such
STATUS_OPTIONS = {1: "New", 2: "Attempted", 3: "Reached", 4: "Sold", 5: "Bad number"}
_MARK = re.compile(r"([0-9A-Za-z-]+)/[0-9a-f]{8}\b")
Row = dict[str, Any]


@dataclass(frozen=True)
class User:
    id: int
    email: str
    name: str = ""
    admin: bool = True


@dataclass
class App:
    """One that is connected to the company by OAuth. ``seconds``: for which an access token is good, as it says."""

    id: str = "demo-app"
    secret: str = "demo-secret"
    refresh: str = "demo-refresh"
    seconds: int = 3599


@dataclass
class Kept:
    """A record. ``since``: when its numbers were last written, for the search; ``writes``: all that was ever set."""

    row: Row
    since: float = 0.0
    writes: list[Row] = field(default_factory=list)


class Pipedrive(Account):
    """One company. ``tokens``: token -> id of its user. ``search_delay``: seconds after which search sees what was written."""

    def __init__(
        self,
        token: str = TOKEN,
        company_id: int = 66660666,
        domain: str = "acme",
        search_delay: float = 5.0,
        lifted: bool = False,
        limits: Limits | None = None,
        seed: int = 0,
    ):
        super().__init__(FAULTS)
        self.users: dict[int, User] = {1: User(1, "admin@example.test", "Admin")}
        self.tokens: dict[str, int] = {token: 1}
        self.app = App()
        self.company_id = company_id
        self.domain = domain
        self.search_delay = search_delay
        self.limits = limits or Limits(lifted=lifted)
        self.records: dict[str, dict[str, Kept]] = {"persons": {}, "leads": {}, "deals": {}}
        self.activities: dict[int, Row] = {}
        self.notes: dict[int, list[str]] = {}  # of activities: everything that was ever written there
        self.logs: dict[str, Row] = {}  # in the order in which they were made
        self.gone_logs: set[str] = set()
        self.lead_labels = {str(uuid.UUID(int=0xA0 + at)): name for at, name in enumerate(LABELS)}
        self.stages = {1: (1, "Lead in"), 2: (1, "Contacted"), 3: (1, "Offer"), 7: (2, "Renewal")}
        self.labels = {1: "Customer", 2: "Hot lead", 3: "Cold lead"}
        self.fields: dict[str, dict[str, Row]] = {"persons": {}, "deals": {}}
        self.add_field("persons", STATUS_FIELD, "enum", STATUS_OPTIONS)
        self.filters: dict[str, Row] = {}  # by id: {"type": "people", "field", "value"}
        self.required: list[str] = []
        self.unwanted: str | None = None  # an outcome of which the company wants no call logs
        self._dice = random.Random(seed)
        self._numbers = Counter({"persons": 100, "deals": 500, "activities": 7000, "leads": 0})

    # What there is ----------------------------------------------------------------------------------------------------
    def add_person(self, id: str | None = None, phone: str | None = None, late: bool = False, **given: Any) -> str:
        """A person; its id. ``phone``: several with commas between them; custom fields by their keys; ``late``: search does not
        see it at once."""
        custom = {name: given.pop(name) for name in list(given) if name in self.fields["persons"]}
        phones = [{"value": one.strip(), "primary": not at, "label": "work"} for at, one in enumerate(_listed(phone))]
        row = {"name": "Somebody", "owner_id": 1, "phones": phones, "emails": [], "label_ids": [], "is_deleted": False}
        made = self._add("persons", id, row | given | {"custom_fields": custom})
        self.records["persons"][made].since = time.monotonic() if late else 0.0
        return made

    def add_deal(self, person: str, id: str | None = None, **given: Any) -> str:
        row: Row = {"title": "Deal", "owner_id": 1, "person_id": int(person), "stage_id": 1, "status": "open"}
        row |= {"label_ids": [], "lost_reason": None, "is_deleted": False, "is_archived": False, "custom_fields": {}}
        row |= given
        return self._add("deals", id, {**row, "pipeline_id": self.stages[row["stage_id"]][0]})

    def add_lead(self, person: str, id: str | None = None, **given: Any) -> str:
        row = {"title": "Lead", "owner_id": 1, "person_id": int(person), "label_ids": [], "is_archived": False}
        return self._add("leads", id, row | given)

    def _add(self, kind: str, id_: str | None, row: Row) -> str:
        with self.lock:
            self._numbers[kind] += 1
            number = self._numbers[kind]
            known = id_ or (str(uuid.UUID(int=number)) if kind == "leads" else str(number))
            self.records[kind][known] = Kept({"id": known if kind == "leads" else int(known), **row})
            return known

    def furnish(self, persons: int = 40) -> list[str]:
        """Persons with numbers of their own, none of them called yet, each with a lead and a deal, and two users; their ids."""
        for name in ("asha", "bharat"):
            self.add_user(f"{name}@example.test", name.title())
        numbers = self._dice.sample(range(10**8), persons)
        made = []
        for place, number in enumerate(numbers):
            name = f"{NAMES[place % len(NAMES)]} Sample {place + 1}"
            new: Row = {STATUS_FIELD: 1}
            made.append(self.add_person(name=name, phone=f"+9198{number:08d}", **new))
            self.add_lead(made[-1], title=f"Lead of {name}")
            self.add_deal(made[-1], title=f"Deal of {name}")
        return made

    def add_user(self, email: str, name: str = "", admin: bool = True) -> str:
        with self.lock:
            id_ = max(self.users) + 1
            self.users[id_] = User(id_, email, name, admin)
        return str(id_)

    def add_field(self, kind: str, key: str, type_: str, options: Mapping[int, str] | None = None) -> None:
        listed = [{"id": id_, "label": label} for id_, label in options.items()] if options else None
        self.fields[kind][key] = {
            "field_name": key[:8],
            "field_code": key,
            "field_type": type_,
            "options": listed,
            "subfields": None,
            "is_custom_field": True,
        }

    def live(self, kind: str, id_: Any, gone: Any = ()) -> Kept | None:
        """The record, where it is there."""
        found = self.records[kind].get(str(id_))
        is_gone = found is None or found.row.get("is_deleted") or str(id_) in {str(one) for one in gone or ()}
        return None if is_gone else found

    def delete(self, kind: str, id_: str) -> bool:
        """As a person of the company would. Whether it was there."""
        with self.lock:
            found = self.live(kind, id_)
            if found is None:
                return False
            if kind == "leads":
                del self.records[kind][id_]
            else:
                found.row["is_deleted"] = True
            return True

    def change(self, kind: str, id_: str, given: Mapping[str, Any]) -> bool:
        """As a person of the company would."""
        with self.lock:
            found = self.live(kind, id_)
            if found is not None:
                self.write(kind, found, given)
            return found is not None

    def write(self, kind: str, kept: Kept, given: Mapping[str, Any]) -> None:
        custom = {**(kept.row.get("custom_fields") or {}), **(given.get("custom_fields") or {})}
        own = {name: value for name, value in given.items() if name in self.fields.get(kind, {})}
        kept.row |= {name: value for name, value in given.items() if name not in own}
        if kind != "leads":
            kept.row["custom_fields"] = {**custom, **own}
        if "stage_id" in given:
            kept.row["pipeline_id"] = self.stages[given["stage_id"]][0]
        if "phones" in given:
            kept.since = time.monotonic()
        kept.writes.append(dict(given))

    def merge(self, gone: str, into: str) -> None:
        """As a person merges two persons: the first's activities stand on the second, its id leads nowhere. Raises KeyError."""
        with self.lock:
            if gone == into or self.live("persons", gone) is None or self.live("persons", into) is None:
                raise KeyError(gone)
            self.delete("persons", gone)
            for row in self.activities.values():
                if row["person_id"] == int(gone):
                    row["person_id"] = int(into)

    # Activities and call logs -----------------------------------------------------------------------------------------
    def next_activity(self) -> int:
        self._numbers["activities"] += 1
        return self._numbers["activities"]

    # What became of it ------------------------------------------------------------------------------------------------
    def calls(self) -> list[Row]:
        """Every call that people see: its activity, its mark, the record on which it stands, and its call logs."""
        with self.lock:
            return [self.shown_call(row) for row in self.activities.values() if not row["is_deleted"]]

    def statuses(self, id_: str, name: str = STATUS_FIELD) -> list[Any]:
        """Everything that was ever written to that field, the first first."""
        with self.lock:
            writes = self.records["persons"][id_].writes
            said = [{**one, **(one.get("custom_fields") or {})} for one in writes]
            return [one[name] for one in said if name in one]

    def shown(self, kind: str) -> list[Row]:
        with self.lock:
            return [one.row | {"writes": one.writes} for one in self.records[kind].values()]

    def write_activity(self, row: Row, values: Mapping[str, Any]) -> None:
        """Set some of it; what it says then is what it has said since."""
        row |= dict(values) | {"update_time": now()}
        if values.get("note"):
            self.notes.setdefault(row["id"], []).append(values["note"])

    def shown_call(self, row: Row) -> Row:
        """An activity as what it is of a call."""
        found = _MARK.findall(row["note"] or "")
        stands = {"persons": row["person_id"], "leads": row["lead_id"], "deals": row["deal_id"]}
        return {
            "id": str(row["id"]),
            "mark": found[-1] if found else None,
            "on": {kind: str(id_) for kind, id_ in stands.items() if id_ is not None},
            "activity": row,
            "logs": [log for log in self.logs.values() if log["activity_id"] == row["id"]],
        }


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed(phone: str | None) -> list[str]:
    return [one for one in (phone or "").split(",") if one.strip()]
