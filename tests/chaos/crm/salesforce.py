"""Salesforce as what calls go to: how it is furnished, what strikes there, and what is found at the end."""

import random
from collections.abc import Mapping
from typing import Any

from crm.salesforce import LOOK_UP_AFTER
from sandbox.hubspot.properties import LEAD_STATUSES
from sandbox.salesforce.account import CLIENT, SECRET, Kept, Salesforce
from sandbox.salesforce.api import create_app
from sandbox.salesforce.objects import Field
from tests.chaos.crm import scene
from tests.chaos.crm.found import Call, Contact
from tests.chaos.crm.scene import Person

WRITE, QUERY = "composite/sobjects", "/query"
LAST_FIELD = "Last_Call__c"


class Side:
    """As of ``tests.chaos.crm.hubspot``."""

    name = "Salesforce"
    look_up_after = LOOK_UP_AFTER
    ids = "00Q{:0>12}EAA"
    amid = (WRITE, WRITE, WRITE, QUERY)
    paths = (WRITE, WRITE, WRITE, WRITE, QUERY, QUERY, "search", "describe", "")
    known: Mapping[str, tuple[Any, float]] = {
        **{name: (1, 2.0) for name in ("server_unavailable", "too_many_at_once")},
        **{name: (2, 4.0) for name in ("row_locked",)},
        **{
            name: (None, 1.0)
            for name in ("gateway_timeout", "server_error", "bad_gateway", "error_in_200", "html", "empty")
        },
        **{
            name: (None, 2.0)
            for name in ("drop", "drop_after", "error_after", "garbled_after", "cut_after", "not_told")
        },
        **{name: (None, 1.0) for name in ("who_dropped", "error_in_200_after")},
        **{name: (scene.LONG, 1.0) for name in ("hang", "hang_after", "late")},
        **{name: (None, 0.3) for name in ("requests_spent", "session_ended", "api_disabled")},
        "huge": (9, 0.3),
    }

    def __init__(self, people: list[Person], search_delay: float, lifted: bool, seed: int):
        self.account = Salesforce(search_delay=search_delay, lifted=lifted, limit=10_000_000, seed=seed)
        self.account.unwanted = "Result: failed"
        fields = self.account.objects["Lead"].fields
        fields["Status"].options = LEAD_STATUSES
        fields[LAST_FIELD] = Field(LAST_FIELD)
        for id_, written, name in scene.numbers(people, random.Random(seed)):
            known = id_ if id_.startswith("00Q") else self.ids.format(id_)
            self.account.add("Lead", known, LastName=name, Phone=written, Status="NEW")

    def app(self):
        return create_app(self.account)

    def settings(self, url: str, quick: bool) -> list[str]:
        lines = ['kind = "salesforce"', f'api_url = "{url}"', f'client_id = "{CLIENT}"', f'client_secret = "{SECRET}"']
        return [*lines, "keep_requests_percent = 0", f"requests_per_second = {1_000 if quick else 10}"]

    def sets(self, words: str) -> dict[str, str]:
        return {"Status": scene.lead_status(words), LAST_FIELD: scene.last_call(words)}

    def made(self) -> int:
        return self.account.counted["Tasks made"]

    def calls(self) -> list[Call]:
        return [self._call(kept) for kept in self.account.records["Task"].values()]

    def contacts(self) -> list[Contact]:
        return [_contact(id_, kept) for id_, kept in self.account.records["Lead"].items()]

    def odd(self) -> list[str]:
        tasks = [one.row for one in self.account.records["Task"].values() if not one.deleted]
        return [f"Task {one['Id']} is none of a call" for one in tasks if one["TaskSubtype"] != "Call"]

    def _call(self, kept: Kept) -> Call:
        row, body = kept.row, kept.row["Description"] or ""
        said = {"body": body, "title": row["Subject"] or "", "result": body, "to": body}
        said |= {"seconds": str(row["CallDurationInSeconds"])}
        bodies = [one["Description"] for one in kept.writes if one.get("Description")]
        return Call(row["Id"], self.account.mark(row), not kept.deleted, [row["WhoId"]], said, bodies)


def _contact(id_: str, kept: Kept) -> Contact:
    last = [one[LAST_FIELD] or "" for one in kept.writes if LAST_FIELD in one]
    return Contact(id_, kept.row["Status"], kept.row[LAST_FIELD] or "", last)
