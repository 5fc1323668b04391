"""Calls, as the destination says: of the telephony, or as comments."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Call, Calls, Result, Seen
from crm.bitrix24 import comments, contents, telephony
from crm.bitrix24.api import Client
from crm.bitrix24.statistics import SLASH

TELEPHONY, COMMENT = "telephony", "comment"
_WAYS: Mapping[str, Calls] = {TELEPHONY: telephony, COMMENT: comments}


def way(settings: Mapping[str, Any]) -> str:
    """What is said, or what the credentials allow."""
    return str(settings["calls"] or (COMMENT if settings["webhook_url"] else TELEPHONY))


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


def log(client: Client, calls: Sequence[Call]) -> Sequence[Result]:
    """As of ``crm.base.Calls``."""
    return _WAYS[way(client.settings)].log(client, calls)


def look_up(client: Client, calls: Sequence[Call]) -> Sequence[Seen | None]:
    """As of ``crm.base.Calls``."""
    return _WAYS[way(client.settings)].look_up(client, calls)


def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``: whichever each of them is."""
    registered = [one for one in remote_ids if SLASH in one]
    commented = [one for one in remote_ids if SLASH not in one]
    results = dict(zip(registered, telephony.remove(client, registered), strict=True))
    results |= dict(zip(commented, comments.remove(client, commented), strict=True))
    return [results[one] for one in remote_ids]
