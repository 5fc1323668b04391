"""The filter form of the list of calls: the API's filters under the API's names, and times in the reader's zone."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from lib import clock
from queries import campaigns as offered
from queries import selection, words_seen
from queries.campaigns import Campaign
from queries.reports import left_out as not_known
from web import limits
from web.context import context
from web.pages import sentences, zones
from web.parameters import OutcomeQuery, Parser, split
from web.turns import SEARCHES

Pairs = list[tuple[str, str]]

OPENING = ("figure", "row", "tz", "zone")  # a figure of a report, whose calls are listed

# Filters that the form has no field for; they stay when it is sent.
WITHOUT_FIELD = ("dialer", "is_final", "changed_since", "unmapped", "unread", "limit", *OPENING)

CHIPS = {"unmapped": "undecided word", "unread": "unread field"}

# A time that names no zone, as an input of the form sends it.
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")


class _Parser(Parser):
    """The API's parser, whose complaints stand beside the form instead of being an error page."""

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        raise error


def tidied(pairs: Pairs, zone: str) -> Pairs:
    """The query without what was left blank, its times in UTC: an address that means the same to everybody."""
    return [(name, _in_utc(value, zone) if name in selection.TIME_FILTERS else value) for name, value in pairs if value]


def _in_utc(value: str, zone: str) -> str:
    moment = clock.parse(value) if _LOCAL.fullmatch(value) else None
    return value if moment is None else clock.iso(moment.replace(tzinfo=ZoneInfo(zone)))


def read(
    request: Request, schema: type[Schema] = OutcomeQuery
) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
    """(filters, the rest of what ``schema`` takes, what is wrong: field -> sentences). Nothing is listed while something is
    wrong: without the filter the list would be too long, and nobody would see why."""
    try:
        return *split(_Parser().parse(schema(), request, location="query")), {}
    except ValidationError as error:
        fields = error.messages.get("query", {}) if isinstance(error.messages, dict) else {}
        return {}, {}, {name: _sentences(told) for name, told in fields.items()}


def _sentences(told: Any) -> list[str]:
    if isinstance(told, dict):
        return [sentence for part in told.values() for sentence in _sentences(part)]
    return told if isinstance(told, list) else [str(told)]


def left_out(reading: Session, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where the list is filtered by a flag: ``{"calls", "connections"}`` that could be among them, because nobody has decided
    what their disposition means. None where there are none, or no flag is asked for."""
    if not wanted.get("flag"):
        return None
    found = words_seen.undecided_calls(reading, {**wanted, "flag": []}, context().connections)
    return {"calls": sum(found.values()), "connections": sorted(found)} if found else None


def unsure(
    reading: Session, wanted: Mapping[str, Any], row: Mapping[str, str], opened: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Where a figure is opened that rests on what dispositions mean: ``{"calls", "connections"}`` that match the filters and are
    of the row's connection, whatever else the row is of, and of which that is not known. None where there are none."""
    if not opened or not opened["by_meaning"]:
        return None
    # What a list of leads is asked about is the time of the lead, and not of its calls.
    asked = {name: wanted.get(name) for name in ("connection", "dialer")} if opened["report"].tables else {**wanted}
    asked |= {name: [row[name]] for name in ("connection", "dialer") if row.get(name)}
    ways = (not_known.undecided, not_known.unstated)
    found = [one for way in ways for one in way(reading, asked, context().connections)]
    if not found:
        return None
    return {"calls": sum(one.calls for one in found), "connections": sorted({one.connection for one in found})}


def campaigns(wanted: Mapping[str, Any], of_loads: bool = False) -> list[Campaign]:
    """Those that the form offers: with calls in the connections and the time that are asked for, or of loads."""
    asked = limits.narrow(wanted.get("connection"))
    names = [name for name in asked if name in context().connections]
    if asked and not names:
        return []
    with SEARCHES.turn(), context().database.read() as reading:
        if of_loads:
            return offered.loaded(reading, names)
        return offered.offered(reading, names, wanted.get("since"), wanted.get("until"))


def chips(pairs: Pairs, zone: str) -> list[dict[str, str]]:
    """What the list is filtered by, in words, and the query without each of them."""
    return [
        {
            "name": CHIPS.get(name) or sentences.plain(name),
            "value": f"{zones.moment(value, zone, 'full')} ({zone})" if name in selection.TIME_FILTERS else value,
            "without": urlencode([other for at, other in enumerate(pairs) if at != place and other[0] != "cursor"]),
        }
        for place, (name, value) in enumerate(pairs)
        if name in selection.FILTERS
    ]


def for_input(value: str | None, zone: str) -> str:
    """A time as an input for local times takes it."""
    moment = clock.parse(value)
    return "" if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")
