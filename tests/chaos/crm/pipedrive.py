"""Pipedrive as what calls go to: how it is furnished, what strikes there, and what is found at the end."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from crm.pipedrive import LOOK_UP_AFTER
from sandbox.hubspot.properties import LEAD_STATUSES
from sandbox.pipedrive.account import Kept, Pipedrive, Row
from sandbox.pipedrive.api import create_app
from sandbox.pipedrive.limits import Limits
from tests.chaos.crm import scene
from tests.chaos.crm.found import Call, Contact
from tests.chaos.crm.scene import Person

LOGS, ACTIVITIES, STATUS = "callLogs", "/activities", "persons/1"
STATUS_FIELD, LAST_FIELD = "57a7" + "0" * 36, "1a57" + "0" * 36
OPTIONS = dict(enumerate(LEAD_STATUSES, 1))


class Side:
    """As of ``tests.chaos.crm.hubspot``."""

    name = "Pipedrive"
    look_up_after = LOOK_UP_AFTER
    amid = (LOGS, LOGS, ACTIVITIES, STATUS)
    paths = (LOGS, LOGS, LOGS, ACTIVITIES, ACTIVITIES, STATUS, "/v2/persons", "search", "")
    known: Mapping[str, tuple[Any, float]] = {
        "too_often": (1, 4.0),
        **{
            name: (None, 1.0)
            for name in ("gateway_timeout", "server_error", "bad_gateway", "error_in_200", "html", "empty")
        },
        **{
            name: (None, 2.0)
            for name in ("drop", "drop_after", "error_after", "garbled_after", "cut_after", "not_told")
        },
        **{name: (None, 1.0) for name in ("no_note", "no_link", "error_in_200_after")},
        **{name: (scene.LONG, 1.0) for name in ("hang", "hang_after", "late")},
        **{name: (None, 0.3) for name in ("day_spent", "token_revoked", "shut_out")},
        "huge": (9, 0.3),
    }

    def __init__(self, people: list[Person], search_delay: float, lifted: bool, seed: int):
        # Of an Ultimate plan with many seats: what is tried takes more requests than a day of a small one has.
        limits = Limits(requests=120, tokens=10_000_000, lifted=lifted)
        self.account = Pipedrive(scene.TOKEN, search_delay=search_delay, limits=limits, seed=seed)
        self.account.unwanted = "no_answer"  # of calls that have failed
        self.account.add_field("persons", STATUS_FIELD, "enum", OPTIONS)
        self.account.add_field("persons", LAST_FIELD, "varchar")
        for id_, written, name in scene.numbers(people, random.Random(seed)):
            new: Row = {STATUS_FIELD: 1}
            self.account.add_person(id_, phone=written, name=name, **new)

    def app(self):
        return create_app(self.account)

    def settings(self, url: str, quick: bool) -> list[str]:
        lines = ['kind = "pipedrive"', f'api_token = "{scene.TOKEN}"', f'api_url = "{url}"', "keep_tokens_percent = 0"]
        lines += ["look_up_pages = 100"]  # of all that is made here, so that none is out of reach
        limits = (10_000, 1_000) if quick else (110, 9)
        return [*lines, f"requests_per_two_seconds = {limits[0]}", f"searches_per_two_seconds = {limits[1]}"]

    def sets(self, words: str) -> dict[str, str]:
        option = LEAD_STATUSES.index(scene.lead_status(words)) + 1
        return {STATUS_FIELD: str(option), LAST_FIELD: scene.last_call(words)}

    def made(self) -> int:
        return self.account.counted["activities made"]

    def calls(self) -> list[Call]:
        return [self._call(row) for row in self.account.activities.values()]

    def contacts(self) -> list[Contact]:
        return [_contact(id_, kept) for id_, kept in self.account.records["persons"].items()]

    def odd(self) -> list[str]:
        """An activity is one call log, and a call log that nobody sees is none."""
        logs = Counter(log["activity_id"] for log in self.account.logs.values())
        wanted = {id_: 0 if row["is_deleted"] else 1 for id_, row in self.account.activities.items()}
        odd = {id_: count for id_, count in wanted.items() if logs[id_] != count}
        return [f"activity {id_} is {logs[id_]} call logs instead of {count}" for id_, count in odd.items()]

    def _call(self, row: Row) -> Call:
        id_, seen = str(row["id"]), self.account.shown_call(row)
        log = next(iter(seen["logs"]), {})
        said = {"body": row["note"] or "", "title": row["subject"]}
        said |= {"result": log["outcome"], "to": log["to_phone_number"]} if log else {}
        said |= {"seconds": log["duration"]} if "duration" in log else {}
        bodies = self.account.notes.get(row["id"], [])
        return Call(id_, seen["mark"], not row["is_deleted"], list(seen["on"].values()), said, bodies)


def _contact(id_: str, kept: Kept) -> Contact:
    there = kept.row["custom_fields"]
    writes = [one.get("custom_fields") or {} for one in kept.writes]
    last = [one[LAST_FIELD] or "" for one in writes if LAST_FIELD in one]
    return Contact(id_, OPTIONS[there[STATUS_FIELD]], there.get(LAST_FIELD) or "", last)
