"""Reading numbers that must not be called, as connections read those of leads. Strict: what cannot be read is told, never
guessed, and nothing of the list is taken."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dialers.base import Connection
from dialers.giving import BadLeads, BadList, Refused
from dialers.numbers import countries as countries
from dialers.numbers import read as read
from leads.bounds import Row
from leads.csv_lists import from_csv
from lib import clock
from lib import text as texts
from lib.complaints import LONGEST as LONGEST_SENTENCE
from outcomes.suppressions import Wanted

COLUMNS = ("number", "reason", "until")
LONGEST_REASON = 500  # characters
MOST_FAULTS = 50  # shown of a list; more help nobody
NOT_A_TIME = "Not a time that can be used; write it as 2026-11-18T10:12:52Z, in the years 1990 to 2199."


@dataclass
class Numbers:
    """A list that may be put. ``repeated`` maps a number that stands there several times to its rows, of which the last counts;
    ``doubts`` has what somebody may want to look at."""

    wanted: list[Wanted] = field(default_factory=list)
    repeated: dict[str, list[int]] = field(default_factory=dict)
    doubts: list[dict[str, Any]] = field(default_factory=list)


def rows_of_csv(data: bytes) -> Iterator[Row]:
    """A file with the columns number, reason and until. Raises BadList."""
    return from_csv(data, COLUMNS, ())


def check(connections: Iterable[Connection], rows: Iterable[Row], at: datetime) -> Numbers:
    """Every number of the list, as these connections read it. Raises BadLeads, with every fault that was found, and BadList."""
    found, faults = Numbers(), []
    asked = countries(connections)
    wanted_by: dict[str, Wanted] = {}
    places: dict[str, list[int]] = {}
    for place, row in rows:
        try:
            number = read(asked, row.get("number", ""))
            wanted = Wanted(
                number.number, str(row.get("number", "")), reason(row.get("reason")), until(row.get("until"), at)
            )
        except Refused as error:
            faults.append({"row": place, "field": error.field, "message": str(error)[:LONGEST_SENTENCE]})
        else:
            wanted_by[wanted.number] = wanted
            places.setdefault(wanted.number, []).append(place)
            if number.doubts:
                said = {"number": wanted.number, "number_raw": wanted.number_raw, "doubts": list(number.doubts)}
                found.doubts.append({"row": place, **said})
        if len(faults) > MOST_FAULTS:
            raise BadLeads(faults[:MOST_FAULTS], more=True, done="put")
    if faults:
        raise BadLeads(faults, more=False, done="put")
    if not wanted_by:
        raise BadList("The list is empty.", field="numbers")
    found.wanted = list(wanted_by.values())
    found.repeated = {number: at for number, at in places.items() if len(at) > 1}
    return found


def reason(value: Any) -> str | None:
    """Why it must not be called, as it is kept. Raises Refused."""
    text = (value or "").strip()
    if len(text) > LONGEST_REASON or not texts.storable(text):
        raise Refused(
            "reason", f"Must be text of {LONGEST_REASON} characters at most, without any that cannot be stored."
        )
    return text or None


def until(value: Any, at: datetime) -> datetime | None:
    """The end, a time or as it is written; one without a zone is one of UTC. Raises Refused."""
    if value in (None, ""):
        return None
    moment = value if isinstance(value, datetime) else clock.parse(value)
    if moment is None:
        raise Refused("until", NOT_A_TIME)
    if moment <= at:
        raise Refused("until", "Is over already.")
    return moment


def of_list(numbers: Iterable[Any], given: Mapping[str, Any]) -> Iterator[Row]:
    """Numbers that share a reason and an end, as rows."""
    return ((at, {**given, "number": number}) for at, number in enumerate(numbers, 1))
