"""How a connection is, in sentences: how fresh, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import polling
from lib import clock
from lib.text import many
from queries import completeness
from queries.completeness import Reached
from queries.reports.written import plain
from web.pages import zones

_PARKED = (
    "Correct the credentials in the settings and restart; where they were mended at the dialer, run wrapup leads resume "
    "LOAD."
)
NOT_CONFIGURED = (
    "No connection of this name is configured: what comes for it is not read, and nothing is asked of its dialer or sent "
    "there."
)
_ASK_DIALER = "Does it place calls, and does it have the present callback URLs?"


def freshness(connection: Mapping[str, Any], zone: str) -> list[str]:
    """How fresh a connection is: its last callback, and how far each report is complete."""
    said = []
    if connection["callback_kinds"] or connection["last_callback_at"]:
        said.append(connection["last_callback"])
    found = [_reached(one) for one in connection["freshness"]]
    said += [one.words(zones.moment(one.to, zone)[:-3] if one.to else "") for one in found if one.to or one.idle]
    unread = [plain(one.report) for one in found if not one.to and not one.idle]
    said += [f"not read yet: {', '.join(unread)}"] if unread else []
    own = connection["name"] if connection["configured"] else None
    return said + [history(own, one, zone) for one in connection["histories"]]


def unheard(connection: Mapping[str, Any]) -> bool:
    """Whether nobody can say yet how it goes: a report was never read, or there is none, and nothing has ever come."""
    reports = connection["freshness"]
    never_read = any(not one["complete_to"] and not one["idle"] for one in reports)
    return never_read or (not reports and not connection["last_callback_at"])


def history(name: str | None, begun: Mapping[str, Any], zone: str) -> str:
    """How far the past has come that a connection was to be asked for; where nobody asks any more, what goes on with it: nothing
    where ``name`` is None, of a connection that is not configured."""
    since, until, to, asked = (
        zones.moment(clock.parse(begun[of]), zone)[:-3] if begun[of] else None
        for of in ("since", "until", "complete_to", "asked_at")
    )
    past = f"the {plain(begun['report'])} of {since} to {until}"
    if begun["under_way"]:
        return f"{past} is being asked for and {f'has come to {to}' if to else 'has just begun'}"
    came = f"has come to {to} and no farther" if to else "has not come yet"
    error = f" ({begun['error'].rstrip('.')})" if begun["error"] else ""
    tried = f", asked for last at {asked}{error}" if asked else ""
    goes_on = f": wrapup poll {name} --since {begun['since']} goes on" if name else ""
    return f"{past} {came}{tried}{goes_on}"


def _reached(shown: Mapping[str, Any]) -> Reached:
    back = shown["back_seconds"]
    to = clock.parse(shown["complete_to"])
    return Reached(shown["report"], to, timedelta(seconds=back) if back else None, shown["idle"], shown["gaps"])


def troubles(connection: Mapping[str, Any], now: datetime) -> list[str]:
    """What an operator should look at, as sentences; the quarantine and unmapped words have their own lines."""
    said = []
    if not connection["configured"]:
        said.append(NOT_CONFIGURED)
    if connection["silence"]:
        said.append(f"{connection['silence']['words']} {_ASK_DIALER}")
    if connection["misaddressed"]:
        said.append(connection["misaddressed"]["words"])
    asked = [poll for poll in connection["polls"] if poll["due_at"]]  # of the others only cursors are left
    for poll in asked:
        name = f"{plain(poll['report'])} ({plain(poll['layer'])})"
        last = clock.ago(clock.parse(poll["last_ok_at"]), now)
        due = clock.parse(poll["due_at"])
        if poll["error"]:
            times = "once" if poll["failures"] == 1 else f"{poll['failures']} times in a row"
            before = f"last succeeded {last}" if poll["last_ok_at"] else "it has never succeeded"
            said.append(f"{name}: {poll['error']} Failed {times}; {before}.")
        if due and completeness.is_late(due, now):
            again = " again" if poll["error"] else ""
            why = _why_late(poll, asked, now)
            said.append(f"{name}: should have been read{again} {clock.span(now - due)} ago. {why}")
        if poll["warning"]:
            said.append(f"{name}: {poll['warning']}")
    error_ids = dict.fromkeys(poll["error_id"] for poll in asked if poll["error"])
    said += dict.fromkeys(filter(None, (polling.todo(connection["name"], error_id) for error_id in error_ids)))
    return said + _sending(connection["sending"], connection["configured"], now)


def _why_late(poll: Mapping[str, Any], polls: Iterable[Mapping[str, Any]], now: datetime) -> str:
    """The reports of a connection are asked for one after the other, and a dialer that does not answer holds up all of them."""
    if since := clock.parse(poll["asked_since"]):
        return f"It has been asked for {clock.span(now - since)}, and there is no answer yet."
    for other in polls:
        if since := clock.parse(other["asked_since"]):
            asked_for = f"which has been asked for {clock.span(now - since)}"
            return f"It waits for the report {plain(other['report'])}, {asked_for}."
    return "Is a worker running?"


def _sending(desk: Mapping[str, Any] | None, configured: bool, now: datetime) -> list[str]:
    if not desk:
        return []
    said = [f"sending leads: {desk['error']}"] if desk["error"] and configured else []
    if desk["parked_loads"] and configured:
        parked = many(desk["parked_loads"], "load")
        said.append(f"sending leads: {parked} parked. {_PARKED}")
    if desk["unknown_leads"]:
        leads = many(desk["unknown_leads"], "lead") + (" is" if desk["unknown_leads"] == 1 else " are")
        oldest = clock.parse(desk["oldest_unknown_at"])
        waited = f", the oldest for {clock.span(now - oldest)}" if oldest else ""
        said.append(f"sending leads: {leads} in doubt{waited}: somebody has to decide whether the dialer took them.")
    return said
