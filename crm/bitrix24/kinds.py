"""The kinds of record that a call can stand on, and how Bitrix24 calls each."""

import re
from dataclasses import dataclass

LEADS, DEALS, CONTACTS, COMPANIES = "leads", "deals", "contacts", "companies"
_ID = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """``type_id``: its number among the types of the CRM; ``word``: its name in small letters, of comments and of people's
    addresses; ``named``: the fields by which people know it; ``stages``: how lists of its stages begin, where it has stages."""

    name: str
    type_id: int
    word: str
    named: tuple[str, ...]
    stages: str | None = None

    @property
    def registered(self) -> bool:
        """Whether a call can be registered on it, and records be found by number."""
        return self.name != DEALS


KINDS = {
    LEADS: Kind(LEADS, 1, "lead", ("title", "name", "lastName"), "STATUS"),
    DEALS: Kind(DEALS, 2, "deal", ("title",), "DEAL_STAGE"),
    CONTACTS: Kind(CONTACTS, 3, "contact", ("name", "lastName")),
    COMPANIES: Kind(COMPANIES, 4, "company", ("title",)),
}


def is_id(text: str) -> bool:
    return _ID.match(text) is not None
