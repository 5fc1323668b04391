"""The contacts of the demo's CRM: those who are called there, but for some of whom nobody or several are found."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

FIRST_ID = 5001
NOBODY, SEVERAL = 25, 40  # each of so many leads has no contact, or two


def write(file: Path, leads: Iterable[Mapping[str, str]]) -> None:
    """Into a file for ``python -m sandbox.hubspot --contacts-file``."""
    lines = (json.dumps(one | {"id": str(FIRST_ID + at)}) for at, one in enumerate(_contacts(leads)))
    file.write_text("\n".join(lines), encoding="utf-8")


def _contacts(leads: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    for at, lead in enumerate(leads, 1):
        first, _, last = (lead.get("name") or "Nameless One").partition(" ")
        contact = {"firstname": first, "lastname": last, "phone": lead["number"], "hs_lead_status": "NEW"}
        if at % NOBODY:
            yield contact
        if not at % SEVERAL:
            yield contact | {"firstname": "Another"}
