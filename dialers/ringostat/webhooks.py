"""Webhooks opened: whatever their form, and by whatever names, they become a row with the names of the call log's columns.

help.ringostat.com, "How to realise the Ringostat integration using Webhooks" and "Webhooks. Incoming call event": the admin
picks GET or POST, form, JSON or JSON-RPC, and the name of every parameter; static parameters stand in the URL.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from dialers.base import Connection, Evidence, Unreadable
from dialers.fields import mapping, spelled, unfolded
from dialers.unread import states
from lib import rawjson
from lib import text as texts

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
MOST_PARAMETERS = 1_000
LONGEST_HEAD = 1_000  # of a part
_BOUNDARY = re.compile(r'multipart/form-data.*boundary="?([^";,\s]+)', re.IGNORECASE)
_PART_NAME = re.compile(rb'form-data;[^\r\n]*\bname="([^"\r\n]*)"', re.IGNORECASE)


def row(evidence: Evidence, connection: Connection) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """(the call's columns, parameters that were written twice with different values). Parameters that nobody knows keep
    their names. Empty where nothing was sent. Raises Unreadable."""
    given, conflicts = _parameters(evidence)
    renamed = connection.settings.get("webhook_fields") or {}
    given = spelled(rawjson.Members(list(given.items())), _names(frozenset(renamed.items())))
    found: dict[str, Any] = {}
    taken = set()
    for name, usual in NAMES.items():
        for parameter in [renamed[name]] if name in renamed else usual:
            if states(given.get(parameter)):
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


def _parameters(evidence: Evidence) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Of the URL and the body; the body's count more: those of the URL are static."""
    in_url = _form(evidence.query or "")
    if not evidence.body.strip():
        return in_url, {}
    if evidence.body.lstrip()[:1] in (b"{", b"[") or "json" in (evidence.content_type or ""):
        posted, conflicts = _json(evidence.body)
    elif boundary := _BOUNDARY.search(evidence.content_type or ""):
        posted, conflicts = _multipart(evidence.body, boundary[1].encode()), {}
    else:
        posted, conflicts = _form(evidence.body.decode("utf-8", "replace").strip()), {}
    return in_url | posted, conflicts


def _form(written: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(written, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise _too_many() from None
    return _flat(pairs)


def _multipart(body: bytes, boundary: bytes) -> dict[str, Any]:
    """The other way to post a form. Nobody says which of the two Ringostat means by "form"."""
    parts = body.split(b"--" + boundary, MOST_PARAMETERS + 2)
    if len(parts) > MOST_PARAMETERS + 2:
        raise _too_many()
    pairs = []
    for part in parts[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := _PART_NAME.search(head[:LONGEST_HEAD]):
            pairs.append((name[1].decode("utf-8", "replace"), value.removesuffix(b"\r\n").decode("utf-8", "replace")))
    return _flat(pairs)


def _flat(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    found = texts.clean({_INNER.sub(r"\1", name): value for name, value in pairs})
    nested = mapping(found.get(NESTED))  # as JSON in one parameter
    return {**nested, **{name: value for name, value in found.items() if name != NESTED}} if nested else found


def _too_many() -> Unreadable:
    return Unreadable("too_many_parameters", f"More than {MOST_PARAMETERS} parameters.")


def _json(body: bytes) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    try:
        said = rawjson.loads(body)
    except rawjson.NotJson as error:
        raise Unreadable("unparseable", f"The body is not JSON: {error}.") from None
    said = _alone(said)
    if isinstance(said, Mapping) and isinstance(_alone(unfolded(said.get("params"))), Mapping):  # JSON-RPC
        said = _alone(unfolded(said["params"]))
    if not isinstance(said, rawjson.Members):
        raise Unreadable("not_an_object", "The body is JSON, but no object.")
    if len(said) > MOST_PARAMETERS:
        raise _too_many()
    nested = mapping(said.get(NESTED))
    conflicts = said.conflicts()
    flat = {name: value for name, value in said.items() if name != NESTED or not nested}
    if isinstance(nested, rawjson.Members):
        flat = dict(nested) | flat
        conflicts = nested.conflicts() | conflicts
    return flat, conflicts


def _alone(value: object) -> object:
    """The only element of a list; everything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
