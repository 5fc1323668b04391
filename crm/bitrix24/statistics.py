"""The statistics of calls, where a finished one stands under our mark.

apidocs.bitrix24.com, "voximplant.statistic.get": rows are found by EXTERNAL_CALL_ID, or by CALL_ID, and tell the activity. What
was registered and never finished stands nowhere. Who asks needs the right to see the statistics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crm.base import NotSetUp
from crm.bitrix24.api import Client
from crm.bitrix24.commands import Command

GET = "voximplant.statistic.get"
BY_MARK, BY_CALL = "EXTERNAL_CALL_ID", "CALL_ID"
SLASH = "/"  # in the ids of registered calls, and of nothing else
NO_RIGHT = (
    "{} does not let the app's user see the statistics of calls, where a call is looked for before it is sent again: give it the "
    "right Telephony, Call statistics, View."
)


@dataclass(frozen=True)
class Remote:
    """What stands in Bitrix24 of a call, as deliveries have it: ``call/activity``. ``activity``: None where it is not finished,
    or stands on no record."""

    call: str
    activity: str | None = None

    def __str__(self) -> str:
        return f"{self.call}{SLASH}{self.activity or ''}"


def remote_of(text: str) -> Remote:
    call, _, activity = text.rpartition(SLASH)
    return Remote(call, activity or None)


def found(client: Client, values: Sequence[str], by: str = BY_MARK) -> dict[str, list[Remote]]:
    """Those that have each of the marks, or ids of calls, the latest first. Raises ExchangeError."""
    commands = [
        Command(f"s{at}", GET, {"FILTER": {by: value}, "SORT": "ID", "ORDER": "DESC"})
        for at, value in enumerate(values)
    ]
    said = client.ask_all(commands, each=True)
    if said.errors:
        raise NotSetUp(f"{NO_RIGHT.format(client.host)} It says: {next(iter(said.errors.values())).words}")
    answer: dict[str, list[Remote]] = {}
    for at, value in enumerate(values):
        rows = client.rows(said.results.get(f"s{at}"), GET)
        answer[value] = [
            Remote(str(row["CALL_ID"]), id_of(row.get("CRM_ACTIVITY_ID")))
            for row in rows
            if row.get("CALL_ID") and str(row.get(by)) == value
        ]
    return answer


def id_of(value: object) -> str | None:
    """Of an activity, where there is one."""
    text = str(value or "").strip()
    return text if text.isdigit() and text != "0" else None
