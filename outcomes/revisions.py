"""Revisions: the rows of outcomes as they are to be. What is decided here is written at once, by ``write``."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dialers.vocabulary import NEVER_DISPOSED, PROVISIONAL, UNKNOWN
from lib import ids
from models import CallOutcome
from outcomes import do_not_call, rows, stood
from outcomes.corrections import changed_fields, corrects
from outcomes.feed import take_positions

# What a fold decides and readers see: a difference in one of these is a change.
VISIBLE = tuple(
    column.name
    for column in CallOutcome.__table__.columns
    if column.name
    not in ("id", "group_id", "attempt_key", "connection", "dialer", "merged_into", "revision", "changed_at")
    + ("settle_by", "set_by", "position", "corrected_at", "changed_fields", *stood.COLUMNS)
)
# What it decides besides, for ourselves.
SILENT = ("attempt_key", "settle_by", "set_by")
# What changes with a change, and what it says of itself.
COUNTED = ("revision", "changed_at", "position", "corrected_at", "changed_fields")
KEPT = stood.COLUMNS  # beside what is shown

Stored = Mapping[str, Any]  # a row, as it is in the table
Change = tuple[dict[str, Any], Collection[str]]  # a row as it is to be, and the columns in which it changed


@dataclass
class Revisions:
    """Of one transaction, all at the same time."""

    at: datetime
    corrects: bool = True  # an erasure corrects nothing, whatever it takes out
    fresh: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    touched: list[Change] = field(default_factory=list)  # silent columns only
    refusing: list[do_not_call.Change] = field(default_factory=list)  # those that say dnc, or did

    def add(self, group: UUID, name: str, dialer: str, values: Mapping[str, Any]) -> UUID:
        """A new row of this connection; its id."""
        outcome = ids.new()
        own = {"id": outcome, "group_id": group, "connection": name, "dialer": dialer, "merged_into": None}
        said = {"revision": 1, "changed_at": self.at, "corrected_at": None, "changed_fields": []}
        row = {**own, **values, **said, **stood.of_new(values["occurred_at"], self.at)}
        self.fresh.append(row)
        if do_not_call.says(row):
            self.refusing.append((None, row))
        return outcome

    def compare(self, row: Stored, values: Mapping[str, Any]) -> None:
        """The row is to say this; it is changed only where it says something else."""
        differs = [name for name in VISIBLE if row[name] != values[name]]
        silent = [name for name in SILENT if row[name] != values[name]]
        if differs:
            corrected_at = row["corrected_at"] or (self.at if self.corrects and corrects(row, values) else None)
            self._revise(row, {**values, "corrected_at": corrected_at}, [*differs, *silent])
        elif silent:
            self.touched.append(({**row, **values}, silent))

    def merge(self, row: Stored, winner: UUID) -> None:
        """The row turned out to be the same call as an older one."""
        self._revise(row, {"merged_into": winner}, ["merged_into"])

    def let_stand(self, row: Stored) -> None:
        """As it was last known: an id that was shown does not vanish. But it waits for nothing any more."""
        self.touched.append(({**row, "settle_by": None}, ("settle_by",)))

    def end_waiting(self, row: Stored) -> None:
        """Of a row that is not folded any more: where its waiting is over by now, it waits no longer, as a fold would say it."""
        if row["settle_by"] is None or self.at < row["settle_by"]:
            return
        untold = {"connect_outcome": UNKNOWN} if row["settling"] == PROVISIONAL else {}
        self.compare(row, {**row, **untold, "settling": NEVER_DISPOSED, "is_final": True, "settle_by": None})

    def follow_merges(self, session: Session) -> None:
        """Rows that had been merged into one that is merged now point on, so that ``merged_into`` always names a row that
        stands."""
        into = {row["id"]: row["merged_into"] for row, _ in self.changed if row["merged_into"] is not None}

        def end(outcome: UUID) -> UUID:
            while outcome in into:
                outcome = into[outcome]
            return outcome

        for row, _ in self.changed:
            if row["merged_into"] is not None:
                row["merged_into"] = end(row["merged_into"])
        for row in rows.merged_into(session, set(into)):
            if row["id"] not in into:
                self.merge(row, end(row["merged_into"]))

    def write(self, session: Session) -> None:
        """Write the outcomes. The last statements of the transaction: places in the feed stay locked until commit."""
        do_not_call.follow(session, self.refusing, self.at)
        rows.update_outcomes(session, self.touched)
        visible = [row for row, _ in self.changed] + self.fresh
        if visible:
            for row, position in zip(visible, take_positions(session, len(visible)), strict=True):
                row["position"] = position
        rows.update_outcomes(session, self.changed)
        rows.insert_outcomes(session, self.fresh)

    def _revise(self, row: Stored, values: Mapping[str, Any], columns: list[str]) -> None:
        """The next revision of the row: with these values, which differ in these columns."""
        revised = {**row, **values, "revision": row["revision"] + 1, "changed_at": self.at}
        corrected = ["corrected_at"] if revised["corrected_at"] != row["corrected_at"] else []
        revised["changed_fields"] = changed_fields([*columns, *corrected])
        kept = stood.of_changed(row, revised["occurred_at"], self.at)
        self.changed.append(({**revised, **kept}, (*columns, *COUNTED, *kept)))
        if do_not_call.says(row) or do_not_call.says(revised):
            self.refusing.append((row, revised))
