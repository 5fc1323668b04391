"""Calls: of the telephony, or as comments, as the destination says. Bitrix24 registers none without a number that can be dialled:
such a call is a comment, too. What stands there as one of them stays that."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Call, Result, Seen
from crm.bitrix24 import comments, contents, telephony
from crm.bitrix24.api import Client
from crm.bitrix24.statistics import SLASH
from crm.halving import unfinished
from lib.http.errors import ExchangeError

TELEPHONY, COMMENT = "telephony", "comment"


def way(settings: Mapping[str, Any]) -> str:
    """What is said, or what the credentials allow."""
    return str(settings["calls"] or (COMMENT if settings["webhook_url"] else TELEPHONY))


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


def _is_registered(client: Client, call: Call) -> bool:
    """Whether it is, or is to be, one of the telephony."""
    if call.remote_id:
        return client.is_app and SLASH in call.remote_id
    return way(client.settings) == TELEPHONY and bool(contents.content(call)["number"])


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    registered = [at for at, one in enumerate(calls) if _is_registered(client, one)]
    commented = [at for at, one in enumerate(calls) if not _is_registered(client, one)]
    results: dict[int, Result] = dict(zip(registered, telephony.log(client, _of(calls, registered)), strict=True))
    try:
        results |= zip(commented, comments.log(client, _of(calls, commented)), strict=True)
    except ExchangeError as error:
        if not registered:
            raise
        tried = error.tried or ()
        results |= {at: unfinished(error, calls[at].trace in tried) for at in commented}
    return [results[at] for at in range(len(calls))]


def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``. A call may have got its number only after it was made a comment."""
    registered = [at for at, one in enumerate(calls) if _is_registered(client, one)]
    found: dict[int, Seen | None] = dict(
        zip(registered, telephony.look_up(client, _of(calls, registered)), strict=True)
    )
    rest = [at for at, one in enumerate(calls) if found.get(at) is None and SLASH not in (one.remote_id or "")]
    found |= zip(rest, comments.look_up(client, _of(calls, rest)), strict=True)
    return [found.get(at) for at in range(len(calls))]


def _of(calls: Sequence[Call], places: Sequence[int]) -> list[Call]:
    return [calls[at] for at in places]


def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``: whichever each of them is."""
    registered = [one for one in remote_ids if SLASH in one]
    commented = [one for one in remote_ids if SLASH not in one]
    results = dict(zip(registered, telephony.remove(client, registered), strict=True))
    results |= dict(zip(commented, comments.remove(client, commented), strict=True))
    return [results[one] for one in remote_ids]
