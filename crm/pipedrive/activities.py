"""Activities: what people see of a call log on its record, and where it is found again.

developers.pipedrive.com: a call log is an activity, too, whose id it tells; activities are listed by the record on which they
stand, changed and deleted by themselves. That a note of the one is that of the other is documented nowhere: it is read back.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crm.halving import WholeRefused
from crm.pipedrive import contents
from crm.pipedrive.answers import RECORD_DELETED
from crm.pipedrive.api import MOST_OF_A_PAGE, V2, Client, Row, is_there

ADDRESS = f"{V2}/activities"
MOST_PAGES = 10  # of one record's activities since a call
MOST_IDS = 100  # of one question
BEFORE = timedelta(days=1)  # two clocks differ by less


def on_record(client: Client, record_id: str, since: datetime) -> dict[str, Row]:
    """Those on the record that have our marks, by these; none is older than the call that it is about. Raises ExchangeError."""
    if not client.kind.is_id(record_id):
        return {}
    params = {
        client.kind.link: record_id,
        "updated_since": (since - BEFORE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sort_by": "id",
        "sort_direction": "asc",
        "limit": str(MOST_OF_A_PAGE),
    }
    found: dict[str, Row] = {}
    for rows in client.pages(ADDRESS, params, MOST_PAGES):
        for row in rows:
            mark = contents.mark_of(row.get("note"))
            if mark is not None and is_there(row):
                found.setdefault(mark[0], row)
    return found


def one(client: Client, id_: str) -> Row | None:
    """None where it is gone. Raises ExchangeError."""
    try:
        row = client.ask_one(f"{ADDRESS}/{id_}")
    except WholeRefused as error:
        if error.refused.reason != RECORD_DELETED:
            raise
        return None
    return row if is_there(row) else None


def by_id(client: Client, ids: Iterable[str]) -> dict[str, Row]:
    """Those that are there. Raises ExchangeError."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Row] = {}
    for at in range(0, len(wanted), MOST_IDS):
        some = wanted[at : at + MOST_IDS]
        rows, _ = client.ask_list(ADDRESS, {"ids": ",".join(some), "limit": str(MOST_IDS)})
        found |= {str(row["id"]): row for row in rows if is_there(row)}
    return {id_: found[id_] for id_ in wanted if id_ in found}


def record_of(client: Client, row: Row) -> str | None:
    """The record on which it stands."""
    found = row.get(client.kind.link)
    return None if found is None else str(found)


def change(client: Client, id_: str, values: Mapping[str, Any]) -> None:
    """Raises ExchangeError."""
    client.tell("PATCH", f"{ADDRESS}/{id_}", dict(values))


def delete(client: Client, id_: str) -> None:
    """Of what is gone there is nothing to delete. Raises ExchangeError."""
    try:
        client.tell("DELETE", f"{ADDRESS}/{id_}")
    except WholeRefused as error:
        if error.refused.reason != RECORD_DELETED:
            raise
