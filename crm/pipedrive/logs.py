"""Call logs: made, read and deleted. They cannot be changed: another one is made of the same activity.

developers.pipedrive.com, "Call logs", version 1. A user's own can be listed, fifty at a time; in which order is documented
nowhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm.halving import WholeRefused
from crm.pipedrive.answers import RECORD_DELETED
from crm.pipedrive.api import V1, Client, Row
from lib import clock

ADDRESS = f"{V1}/callLogs"
MOST_AT_ONCE = 50
TIMES = ("start_time", "end_time")


@dataclass(frozen=True)
class Remote:
    """What stands in Pipedrive of a call, as deliveries have it: ``log/activity``; the log's id may not be known."""

    log: str | None
    activity: str

    def __str__(self) -> str:
        return f"{self.log or ''}/{self.activity}"


def remote_of(text: str) -> Remote:
    log, _, activity = text.rpartition("/")
    return Remote(log or None, activity)


def make(client: Client, content: Mapping[str, Any]) -> Remote | None:
    """None where the answer does not tell of it. Raises ExchangeError; given again, it would be made again."""
    said = client.tell("POST", ADDRESS, dict(content), alone=True).get("data")
    if not isinstance(said, Mapping) or not said.get("id") or not said.get("activity_id"):
        return None
    return Remote(str(said["id"]), str(said["activity_id"]))


def read(client: Client, id_: str) -> Row | None:
    """None where it is gone. Raises ExchangeError."""
    try:
        return client.ask_one(f"{ADDRESS}/{id_}")
    except WholeRefused as error:
        if error.refused.reason != RECORD_DELETED:
            raise
        return None


def delete(client: Client, id_: str) -> bool:
    """Whether it was there. Raises ExchangeError."""
    try:
        client.tell("DELETE", f"{ADDRESS}/{id_}")
    except WholeRefused as error:
        if error.refused.reason != RECORD_DELETED:
            raise
        return False
    return True


def own(client: Client) -> Iterator[Row]:
    """The token's user's, as many pages of them as ``look_up_pages`` says. Raises ExchangeError."""
    for page in range(int(client.settings["look_up_pages"])):
        params = {"start": str(page * MOST_AT_ONCE), "limit": str(MOST_AT_ONCE)}
        rows, said = client.ask_list(ADDRESS, params)
        yield from rows
        more = said.get("additional_data")
        paging = more.get("pagination") if isinstance(more, Mapping) else None
        if not isinstance(paging, Mapping) or paging.get("more_items_in_collection") is not True:
            return


def of_activity(client: Client, activity: str) -> Row | None:
    """The log that an activity is, where it is among those that are looked through. Raises ExchangeError."""
    return next((one for one in own(client) if one.get("id") and str(one.get("activity_id")) == activity), None)


def says(row: Row, log: Mapping[str, Any]) -> bool:
    """Whether it says what would be sent."""
    return all(_plain(name, row.get(name)) == _plain(name, value) for name, value in log.items())


def _plain(name: str, value: Any) -> Any:
    return clock.parse(value) if name in TIMES else str(value if value is not None else "")
