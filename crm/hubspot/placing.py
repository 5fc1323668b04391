"""A call on its contact: put there, taken from others, and read back, since HubSpot may take an association and not make it.

Associations of the date version 2026-09. A call stands on one contact; companies, to which HubSpot adds calls by itself, are
left alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.base import Done, Refused, Result, Unknown
from crm.halving import halved, written
from crm.hubspot import answers, contacts
from crm.hubspot.api import CALLS, CONTACTS, VERSION, Client, errors, following_page, rows_of
from crm.hubspot.batches import MOST, Input, Told, given

ADDRESS = f"/crm/associations/{VERSION}/{CALLS}/{CONTACTS}/batch"
CALL_TO_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}
MOST_PAGES = 20
_NONE = "NO_ASSOCIATIONS_FOUND"
NOT_THERE = "The call is logged, and HubSpot does not show it on the contact yet."
ELSEWHERE = "The call is logged on the contact, and HubSpot still shows it on another one, too."
GONE = "The contact does not exist any more."


@dataclass(frozen=True)
class Placed:
    """What came of a call's place; ``homeless`` where it stands on no contact, as far as HubSpot says."""

    result: Result
    homeless: bool


def placed(client: Client, wanted: Mapping[str, str], known: Mapping[str, set[str]]) -> dict[str, Placed]:
    """What came of each call (id -> its contact's id); ``known``: of some, the contacts on which they stand. Raises
    ExchangeError."""
    before = dict(known) | read(client, [call for call in wanted if call not in known])
    wanted, refused = _followed(client, wanted, before)
    missing = [(call, contact) for call, contact in wanted.items() if contact not in before.get(call, ())]
    refused |= _put(client, missing)
    after = before | read(client, (call for call, _ in missing if call not in refused))
    lost = [contact for call, contact in wanted.items() if after.get(call) and contact not in after[call]]
    merged = contacts.current(client, lost)
    wanted = {call: merged.get(contact, contact) for call, contact in wanted.items()}
    # Only once it stands where it belongs: in between it would stand nowhere.
    stale = [(call, after[call] - {contact}) for call, contact in wanted.items() if contact in after.get(call, ())]
    _take_away(client, [(call, others) for call, others in stale if others])
    after |= read(client, (call for call, others in stale if others))
    found = {call: Placed(result, after.get(call) == set()) for call, result in refused.items()}
    for call, contact in wanted.items():
        there = after.get(call)
        found.setdefault(call, Placed(_verdict(there or set(), contact), there == set()))
    return found


def _followed(
    client: Client, wanted: Mapping[str, str], before: Mapping[str, set[str]]
) -> tuple[dict[str, str], dict[str, Result]]:
    """(call -> its contact's id today, calls that are refused since that contact is gone). Where a call stands elsewhere, its
    contact may have been merged into the one where it stands."""
    moved = {call: contact for call, contact in wanted.items() if before.get(call) and contact not in before[call]}
    now = contacts.current(client, moved.values())
    gone: dict[str, Result] = {
        call: Refused("record_deleted", GONE) for call, contact in moved.items() if contact not in now
    }
    return {call: now.get(contact, contact) for call, contact in wanted.items() if call not in gone}, gone


def read(client: Client, calls: Iterable[str]) -> dict[str, set[str]]:
    """The contacts on which each call stands; without a call that HubSpot does not tell of. Raises ExchangeError."""
    found: dict[str, set[str]] = {}
    waiting: list[Mapping[str, str]] = [{"id": call} for call in dict.fromkeys(calls)]
    for _ in range(MOST_PAGES):
        if not waiting:
            break
        rows = [row for part in halved(waiting, MOST, _asked(client), lambda one, refused: []) for row in part]
        waiting = []
        for call, others, after in rows:
            found.setdefault(call, set()).update(others)
            waiting += [{"id": call, "after": after}] if after else []
    return found


Row = tuple[str, set[str], str | None]  # a call, contacts on which it stands, where its next ones begin


def _asked(client: Client) -> Callable[[Sequence[Mapping[str, str]]], list[list[Row]]]:
    def ask(part: Sequence[Mapping[str, str]]) -> list[list[Row]]:
        said = client.ask_list(f"{ADDRESS}/read", {"inputs": list(part)})
        found = [_row(row) for row in rows_of(said)]
        # That a call stands on no contact is told as an error.
        found += [
            (call, set(), None) for error in errors(said) if _NONE in _code(error) for call in answers.named(error)
        ]
        return [[row for row in found if row[0] == one["id"]] for one in part]

    return ask


def _code(error: Mapping[str, Any]) -> str:
    return str(error.get("subCategory") or "")


def _row(row: Mapping[str, Any]) -> Row:
    call, to = row.get("from"), row.get("to")
    others = {str(one["toObjectId"]) for one in rows_of(to) if one.get("toObjectId")}
    return str(call.get("id")) if isinstance(call, Mapping) else "", others, following_page(row)


def _put(client: Client, pairs: Sequence[tuple[str, str]]) -> dict[str, Result]:
    """Those that are refused. Of the others nothing is believed: they are read back."""
    inputs = [
        Input(
            {"from": {"id": call}, "to": {"id": contact}, "types": [CALL_TO_CONTACT]}, frozenset({_pair(call, contact)})
        )
        for call, contact in pairs
    ]
    results = written(inputs, MOST, lambda part: given(client, f"{ADDRESS}/create", part, _told, _taken, _blamed))
    told = zip((call for call, _ in pairs), results, strict=True)
    return {call: result for call, result in told if isinstance(result, Refused)}


def _take_away(client: Client, stale: Sequence[tuple[str, set[str]]]) -> None:
    inputs = [
        Input({"from": {"id": call}, "to": [{"id": one} for one in sorted(others)]}, frozenset())
        for call, others in stale
    ]
    written(inputs, MOST, lambda part: given(client, f"{ADDRESS}/archive", part, _told, _taken))


def _pair(call: Any, contact: Any) -> str:
    """What an association is called here: ids of calls and of contacts may be the same numbers."""
    return f"{call} on {contact}"


def _told(said: Any) -> Told:
    return [({_pair(row.get("fromObjectId"), row.get("toObjectId"))}, row) for row in rows_of(said)]


def _blamed(error: Mapping[str, Any]) -> set[str]:
    said = error.get("context")
    from_, to = (said.get(name) for name in ("fromObjectId", "toObjectId")) if isinstance(said, Mapping) else ((), ())
    some = [one if isinstance(one, list) else [one] for one in (from_, to)]
    return {_pair(call, contact) for call in some[0] for contact in some[1]}


def _taken(one: Input, record: Mapping[str, Any]) -> Result:
    return Done()


def _verdict(there: set[str], contact: str) -> Result:
    if there == {contact}:
        return Done()
    return Unknown(ELSEWHERE if contact in there else NOT_THERE)
