"""Ryng's eight custom fields: what of a lead goes into which, under which header.

docs.ryng.in, "Create Campaign API": ``customFieldNames`` gives the headers, ``{"customField1Name": "Name"}``, each row its
values. The documented callbacks show eight, and bring them back, which is how a call finds its lead again.
"""

import re
from collections.abc import Mapping, Sequence

from dialers.base import Connection
from dialers.giving import Lead, Refused

MOST = 8
MARK = "Wrapup lead"  # the header under which our own name for a lead travels
NAME, NOTE = "Name", "Note"  # headers of what Ryng has no field for
_KEY = re.compile(rf"customField([1-{MOST}])Name")


def values(connection: Connection, lead: Lead) -> dict[str, str]:
    """The lead's texts by header, without our mark. Raises Refused where two of them claim one header."""
    name = lead.name or " ".join(part for part in (lead.first_name, lead.last_name) if part) or None
    # The connection's CRM reference is a custom field: what is loaded under it comes back as crm_reference.
    crm = connection.settings.get("crm_reference_field")
    reference = lead.reference if crm and not _KEY.fullmatch(f"{crm}Name") else None
    found = dict(lead.fields)
    if MARK in found:
        raise Refused(f"fields.{MARK}", "This header is Wrapup's own.")
    for field, header, value in (("name", NAME, name), ("note", NOTE, lead.note), ("reference", crm, reference)):
        if value is None or header is None:
            continue
        if found.setdefault(header, value) != value:
            raise Refused(field, f"It would go into the custom field {header}, and fields says something else there.")
    return found


def places(connection: Connection, leads: Sequence[Lead], wanted: Mapping[str, str]) -> dict[str, int]:
    """Header -> number of its custom field. ``wanted`` are the ``customFieldNames`` of the load; other headers take the free
    numbers in the order in which they come, and our mark the last one, if it is free. Raises Refused where there are too
    many."""
    found = {header: int(key[1]) for name, header in wanted.items() if (key := _KEY.fullmatch(name))}
    free = [number for number in range(1, MOST + 1) if number not in found.values()]
    for lead in leads:
        for header in values(connection, lead):
            if header in found:
                continue
            if not free:
                raise Refused(f"fields.{header}", f"Ryng has {MOST} custom fields, and this would be one more.")
            found[header] = free.pop(0)
    if free and MARK not in found:
        found[MARK] = free[-1]
    return found


def names(headers: Mapping[str, int]) -> dict[str, str]:
    """``customFieldNames``, in the order of their numbers."""
    return {f"customField{number}Name": header for header, number in sorted(headers.items(), key=lambda pair: pair[1])}


def is_key(text: str) -> bool:
    """Whether it is a key of ``customFieldNames``."""
    return _KEY.fullmatch(text) is not None
