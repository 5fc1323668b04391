"""Webhooks opened: whatever their form, and by whatever names, they become a row with the names of the call log's columns.

help.ringostat.com, "How to realise the Ringostat integration using Webhooks" and "Webhooks. Incoming call event": the admin
picks GET or POST, form, JSON or JSON-RPC, and the name of every parameter; static parameters stand in the URL.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dialers.base import Connection, Evidence, Unreadable
from dialers.bodies import forms
from dialers.fields import mapping, spelled, unfolded, word
from dialers.unread import states
from lib.rawjson import Members

# Our name -> the names that Ringostat and its public clients use: classic webhooks first, then Webhooks 2.0. The
# connection's ``webhook_fields`` replaces a row.
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("uniqueid", "call_id", "cdr_id", "dialog"),
    "event": ("event", "action"),
    "customer": ("userfield", "customer"),  # 2.0 says who the customer is; elsewhere the direction decides
    "calldate": ("calldate",),
    "call_type": ("call_type",),
    "caller": ("caller",),
    "dst": ("dst", "callee"),
    "connected_with": ("connected_with",),
    "employee_fio": ("employee_fio",),
    "employee_email": ("employee_email",),
    "disposition": ("disposition", "status"),
    "billsec": ("billsec", "call_duration"),
    "waittime": ("waittime",),
    "duration": ("duration",),
    "recording": ("recording", "record_link"),
    "recording_wav": ("recording_wav",),
    "call_card": ("call_card",),
}
COLUMN_OF = {name: name for name in NAMES} | {"id": "uniqueid"}  # as in the call log, where it has one
NESTED = "additional_call_data"  # of Webhooks 2.0
_INNER = re.compile(rf"{NESTED}\[([^\[\]]+)\]")  # as forms write it


def row(
    said: Members, in_url: Mapping[str, Any], connection: Connection
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """(the call's columns, parameters that were written twice with different values). Parameters that nobody knows keep
    their names. The body's count more than those of the URL, which are static. Raises Unreadable."""
    posted, conflicts = _parameters(said)
    given = {**in_url, **posted}
    renamed = connection.settings.get("webhook_fields") or {}
    ids = [renamed["id"]] if "id" in renamed else NAMES["id"]
    given = spelled(Members(list(given.items())), _names(frozenset(renamed.items())), *ids)
    found: dict[str, Any] = {}
    taken = set()
    for name, usual in NAMES.items():
        for parameter in [renamed[name]] if name in renamed else usual:
            if states(given.get(parameter)):
                if name == "id" and _written_twice(conflicts, parameter):
                    raise Unreadable("bad_identifier", f"{parameter} is stated more than once, and differently.")
                found[COLUMN_OF[name]] = given[parameter]
                taken.add(parameter)
                break
    ours = COLUMN_OF.values()  # a parameter of this name that is not the configured one means something else
    rest = {name: value for name, value in given.items() if name not in taken and name not in ours}
    return rest | found, conflicts


@lru_cache(maxsize=100)  # of connections
def _names(renamed: frozenset[tuple[str, str]]) -> frozenset[str]:
    """Every parameter's name that means something to us."""
    own = dict(renamed)
    return frozenset(name for ours, usual in NAMES.items() for name in ([own[ours]] if ours in own else usual))


def in_url(evidence: Evidence) -> dict[str, Any]:
    """The static parameters. Raises Unreadable."""
    return _parameters(forms.members(evidence.query)[0])[0] if evidence.query else {}


def _written_twice(conflicts: Mapping[str, list[Any]], parameter: str) -> bool:
    return any(
        len({word(value) for value in values} - {None}) > 1
        for name, values in conflicts.items()
        if name.casefold() == parameter.casefold()
    )


def _parameters(said: Members) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    inner = _alone(unfolded(said.get("params")))
    if isinstance(inner, Members):  # JSON-RPC
        said = inner
    if len(said) > forms.MOST_PARAMETERS:
        raise forms.too_many()
    nested = mapping(said.get(NESTED))  # also as JSON in one parameter
    flat = {
        _INNER.sub(r"\1", name) if "[" in name else name: value
        for name, value in said.items()
        if name != NESTED or not nested
    }
    if isinstance(nested, Members):
        return dict(nested) | flat, nested.conflicts() | said.conflicts()
    return flat, said.conflicts()


def _alone(value: object) -> object:
    """The only element of a list; everything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
