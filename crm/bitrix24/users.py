"""Bitrix24's users: who asks, and whose a call is."""

from collections.abc import Mapping
from typing import Any

from crm.bitrix24.api import Client, Row
from crm.facts import only
from crm.http_client import REFUSALS, Unreadable

PROFILE, USERS = "profile", "user.get"
MOST_PAGES = 20


def own(client: Client) -> Row:
    """Who asks. Raises ExchangeError."""
    found = client.facts.get(PROFILE, lambda: _asked_own(client))
    assert found is not None
    return found


def _asked_own(client: Client) -> Row:
    found = client.ask(PROFILE)["result"]
    if not isinstance(found, Mapping) or not found.get("ID"):
        raise Unreadable(f"{client.host} does not say who asks: the user may not be active.")
    return found


def active(client: Client) -> Mapping[str, str]:
    """Id -> e-mail in small letters. Raises ExchangeError."""
    found: dict[str, str] = {}
    start: Any = 0
    for _ in range(MOST_PAGES):
        rows, following = client.ask_list(USERS, {"select": ["ID", "EMAIL", "ACTIVE"], "start": start})
        some = [one for one in rows if one.get("ID") and one.get("ACTIVE") not in (False, "N")]
        found |= {str(one["ID"]): str(one.get("EMAIL") or "").strip().casefold() for one in some}
        if not isinstance(following, int) or following <= start:
            break
        start = following
    return found


def by_email(client: Client, email: str | None) -> str | None:
    """The id of the user with this e-mail address; None where there is none, or users cannot be asked for. Raises Unavailable and
    the like."""
    if not email:
        return None
    return only(client.facts.get(USERS, lambda: _asked(client)) or {}, email)


def _asked(client: Client) -> Mapping[str, str] | None:
    try:
        return active(client)
    except REFUSALS:
        return None
