"""Bitrix24, played locally over real HTTP: one portal, with its records, activities, comments, calls and users.

    portal = Portal(lifted=True)
    portal.add("leads", phone="+919810012345")
    with running(create_app(portal)) as url: ...

``api.create_app(portal)`` is its HTTP side; ``python -m sandbox.bitrix24 --port 9452`` serves it from a shell.
"""

import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.accounts import Account
from sandbox.bitrix24.faults import FAULTS
from sandbox.bitrix24.limits import Limits

WEBHOOK, REFRESH = "demo1secret", "demo-refresh"
NAMES = ("Asha", "Bharat", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Hari", "Indu", "Jai")
TYPES = {"leads": 1, "deals": 2, "contacts": 3, "companies": 4}
WORDS = {"lead": 1, "deal": 2, "contact": 3, "company": 4}
KINDS = {number: kind for kind, number in TYPES.items()}
STAGES = {
    "STATUS": {"NEW": "New", "IN_PROCESS": "In work", "PROCESSED": "Processed", "CONVERTED": "Won", "JUNK": "Junk"},
    "DEAL_STAGE": {"NEW": "New", "PREPARATION": "Documents", "WON": "Won", "LOSE": "Lost"},
    "DEAL_STAGE_5": {"C5:NEW": "New", "C5:WON": "Won"},
}
RATING = "ufCrm_1720019876534"  # a field of leads with options
RATINGS = {"44": "Hot", "45": "Cold"}
REMEMBERED = 1800.0  # seconds
MARK = re.compile(r"Wrapup: ?([0-9A-Za-z-]+)/[0-9a-f]{8}\b")
Row = dict[str, Any]


@dataclass
class App:
    """One that is connected to the portal by OAuth: each of ``refreshes`` is used once, where they ``rotate``. ``seconds``: for
    which an access token is good, as it says; ``loses``: the answers with the tokens are lost."""

    id: str = "demo-app"
    secret: str = "demo-secret"
    refreshes: set[str] = field(default_factory=lambda: {REFRESH})
    seconds: int = 3600
    loses: bool = False
    rotate: bool = True


@dataclass
class Kept:
    """A record. ``since``: when it was made, for the search; ``writes``: all that was ever set."""

    row: Row
    since: float = 0.0
    writes: list[Row] = field(default_factory=list)
    numbers: tuple[str, ...] = ()


@dataclass
class Activity:
    """``notes``: everything that its note ever said."""

    id: int
    call: Row
    places: list[tuple[int, str]]
    notes: list[str] = field(default_factory=list)
    live: bool = True


@dataclass
class Comment:
    id: int
    place: tuple[int, str]
    texts: list[str]
    live: bool = True


class Portal(Account):
    """``search_delay``: seconds after which search sees what was written. ``ahead``: by which its clock is put forward."""

    def __init__(
        self,
        webhook: str = WEBHOOK,
        search_delay: float = 0.0,
        lifted: bool = False,
        limits: Limits | None = None,
        seed: int = 0,
    ):
        super().__init__(FAULTS)
        self.webhook = webhook
        self.app = App()
        self.tokens: set[str] = set()
        self.users = {1: "admin@example.test"}
        self.search_delay = search_delay
        self.ahead = 0.0
        self.limits = limits or Limits(lifted=lifted)
        self.records: dict[str, dict[str, Kept]] = {kind: {} for kind in TYPES}
        self.stages = {list_: dict(some) for list_, some in STAGES.items()}
        self.fields: dict[str, dict[str, Row]] = {kind: _fields(kind) for kind in TYPES}
        self.add_field("leads", RATING, "enumeration", RATINGS)
        self.lines: dict[str, str] = {"wrapup": "N"}  # number -> whether it makes leads
        self.sees_statistics = True
        self.unwanted: str | None = None  # a code of calls that the portal does not take
        self.registered: dict[str, Row] = {}  # calls that are begun
        self.statistics: list[Row] = []
        self.activities: dict[int, Activity] = {}
        self.comments: dict[int, Comment] = {}
        self.commands: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._numbers = Counter({"leads": 100, "deals": 500, "contacts": 100, "companies": 300, "activities": 7000})

    # What there is ----------------------------------------------------------------------------------------------------
    def add(
        self, kind: str = "leads", id: str | None = None, phone: str | None = None, late: bool = False, **given
    ) -> str:
        """A record; its id. ``phone``: several with commas between them; ``late``: search does not see it at once."""
        with self.lock:
            known = str(self.next(kind)) if id is None else str(id)
            row: Row = {"id": int(known), "title": f"{kind.title()} {known}", "assignedById": 1}
            row |= {"contactId": 0, "companyId": 0} if kind == "deals" else {}
            row |= {"categoryId": 0, "closed": "N"} if kind == "deals" else {}
            row |= {"stageId": "NEW"} if kind in ("leads", "deals") else {}
            numbers = tuple(one.strip() for one in (phone or "").split(",") if one.strip())
            since = time.monotonic() if late else 0.0
            self.records[kind][known] = Kept({**row, **given}, since, numbers=numbers)
            return known

    def next(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def furnish(self, leads: int = 40) -> list[str]:
        """Leads with numbers of their own, and two users; the leads' ids."""
        for name in ("asha", "bharat"):
            self.add_user(f"{name}@example.test")
        numbers = self._dice.sample(range(10**8), leads)
        return [
            self.add(name=NAMES[at % len(NAMES)], lastName=f"Sample {at + 1}", phone=f"+9198{number:08d}")
            for at, number in enumerate(numbers)
        ]

    def add_user(self, email: str) -> str:
        with self.lock:
            id_ = max(self.users) + 1
            self.users[id_] = email
        return str(id_)

    def add_field(self, kind: str, name: str, type_: str, options: dict[str, str] | None = None) -> None:
        items = [{"ID": id_, "VALUE": value} for id_, value in options.items()] if options else None
        row: Row = {"type": type_, "isReadOnly": False, "isImmutable": False, "isMultiple": False, "title": name}
        self.fields[kind][name] = row | ({"items": items} if items else {})

    def live(self, kind: str, id_: Any, gone: Any = ()) -> Kept | None:
        """The record, where it is there."""
        return None if str(id_) in {str(one) for one in gone or ()} else self.records[kind].get(str(id_))

    def change(self, kind: str, id_: str, given: Row) -> bool:
        """As a person of the portal would."""
        with self.lock:
            found = self.records[kind].get(id_)
            if found is not None:
                self.write(found, given)
            return found is not None

    def write(self, kept: Kept, given: Row) -> None:
        kept.row |= given
        kept.writes.append(dict(given))

    def delete(self, kind: str, id_: str) -> bool:
        """As a person of the portal would. Whether it was there."""
        with self.lock:
            return self.records[kind].pop(id_, None) is not None

    def merge(self, kind: str, gone: str, into: str) -> None:
        """As a person merges two records: the first's activities and comments stand on the second. Raises KeyError."""
        with self.lock:
            if gone == into or gone not in self.records[kind] or into not in self.records[kind]:
                raise KeyError(gone)
            del self.records[kind][gone]
            old, new = (TYPES[kind], gone), (TYPES[kind], into)
            for one in self.activities.values():
                one.places = [new if place == old else place for place in one.places]
            for comment in self.comments.values():
                comment.place = new if comment.place == old else comment.place

    def now(self) -> float:
        return time.time() + self.ahead

    # What became of it ------------------------------------------------------------------------------------------------
    def calls(self) -> list[Row]:
        """Every call that people see: its id, its mark, where it stands, what is said of it, and the call of the telephony."""
        with self.lock:
            found = [
                {"id": str(one.id), "mark": one.call["EXTERNAL_CALL_ID"], "on": _on(one.places), "call": one.call}
                | {"text": one.notes[-1] if one.notes else ""}
                for one in self.activities.values()
                if one.live
            ]
            for comment in self.comments.values():
                if comment.live:
                    marks = MARK.findall(comment.texts[-1])
                    told = {"mark": marks[-1] if marks else None, "on": _on([comment.place]), "call": None}
                    found.append({"id": str(comment.id), **told, "text": comment.texts[-1]})
            return found

    def counts(self) -> Row:
        return super().counts() | {"commands": dict(self.commands)}

    def shown(self, kind: str) -> list[Row]:
        with self.lock:
            return [one.row | {"phones": one.numbers, "writes": one.writes} for one in self.records[kind].values()]


def _on(places: list[tuple[int, str]]) -> list[str]:
    return [f"{KINDS[type_]}/{id_}" for type_, id_ in places]


def _fields(kind: str) -> dict[str, Row]:
    plain: Row = {"isReadOnly": False, "isImmutable": False, "isMultiple": False}
    found: dict[str, Row] = {"id": {**plain, "type": "integer", "isReadOnly": True}}
    found |= {name: {**plain, "type": "string"} for name in ("title", "name", "lastName", "originId", "comments")}
    found["assignedById"] = {**plain, "type": "user"}
    if kind in ("leads", "deals"):
        found["stageId"] = {**plain, "type": "crm_status", "statusType": "STATUS" if kind == "leads" else "DEAL_STAGE"}
    if kind == "deals":
        found |= {"categoryId": {**plain, "type": "crm_category"}, "closed": {**plain, "type": "boolean"}}
        found |= {"contactId": {**plain, "type": "crm_contact"}, "companyId": {**plain, "type": "crm_company"}}
    return found
