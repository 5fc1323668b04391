"""The three kinds of record that a call can stand on, and how Pipedrive calls each."""

import re
from dataclasses import dataclass

PERSONS, LEADS, DEALS = "persons", "leads", "deals"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Kind:
    """``link``: the member of a call log and of an activity that names the record; ``page``: where people see it; ``one``: what
    sentences call it."""

    name: str
    link: str
    page: str
    one: str

    def is_id(self, text: str) -> bool:
        return (_UUID if self.name == LEADS else _NUMBER).match(text) is not None

    def linked(self, record_id: str) -> dict[str, int | str]:
        """What puts a call on the record. ``record_id`` is one."""
        return {self.link: record_id if self.name == LEADS else int(record_id)}


KINDS = {
    PERSONS: Kind(PERSONS, "person_id", "person", "person"),
    LEADS: Kind(LEADS, "lead_id", "leads/inbox", "lead"),
    DEALS: Kind(DEALS, "deal_id", "deal", "deal"),
}
