"""Records that are given to Zoho together: what it says of each, in their order. What an answer does not tell of is unknown."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Done, Result, Unknown
from crm.halving import written
from crm.zoho import answers
from crm.zoho.api import CALLS, Client, Row, address

MOST = 100  # records of one request
MOST_DELETED = 50  # ids, of nineteen digits, that its address holds
NOT_TOLD = "Zoho's answer does not tell of it."
ALREADY = "It was there already."


def given(
    client: Client, verb: str, module: str, records: Sequence[Mapping[str, Any]], alone: bool = False
) -> list[Result]:
    """POST or PUT. Raises as ``Client.tell`` does, where nothing was taken."""
    unique = client.unique if (verb, module) == ("POST", CALLS) else None

    def send(part: Sequence[Mapping[str, Any]]) -> list[Result]:
        body = {"data": list(part), "trigger": list(client.settings["triggers"])}
        return _told(client, client.tell(verb, address(module), len(part), body, alone=alone), len(part), unique)

    return written(records, MOST, send)


def deleted(client: Client, module: str, ids: Sequence[str]) -> list[Result]:
    """As ``given``."""

    def send(part: Sequence[str]) -> list[Result]:
        runs = "true" if client.settings["triggers"] else "false"
        params = {"ids": ",".join(part), "wf_trigger": runs}
        return _told(client, client.tell("DELETE", address(module), len(part), params=params), len(part))

    return written(ids, MOST_DELETED, send)


def _told(client: Client, said: Row, count: int, unique: str | None = None) -> list[Result]:
    """The result of each; of an answer that does not tell of all nobody knows whom it tells of."""
    rows = said.get("data")
    found = rows if isinstance(rows, list) and len(rows) == count else [None] * count
    return [_result(client, one, unique) for one in found]


def _result(client: Client, row: Any, unique: str | None) -> Result:
    if not isinstance(row, Mapping) or not row.get("code"):
        return Unknown(NOT_TOLD)
    details = row.get("details")
    details = details if isinstance(details, Mapping) else {}
    if row["code"] == "SUCCESS":
        return Done(str(details["id"])) if details.get("id") else Unknown(NOT_TOLD)
    if row["code"] == answers.DUPLICATE and unique is not None and details.get("api_name") in (None, unique):
        # It is ours: a request that was given up has been at work all the same.
        other = details.get("duplicate_record")
        id_ = details.get("id") or (other.get("id") if isinstance(other, Mapping) else None)
        return Done(str(id_), answer=ALREADY) if id_ else Unknown(answers.words(row, client.secrets))
    return answers.of_record(row, client.secrets)
