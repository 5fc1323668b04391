"""Zoho as what calls go to: how it is furnished, what strikes there, and what is found at the end."""

import random
from collections.abc import Mapping
from typing import Any

from crm.zoho import LOOK_UP_AFTER, UNIQUE
from sandbox.hubspot.properties import LEAD_STATUSES
from sandbox.zoho.account import CALLS, CONTACTS, LEADS, Kept, Zoho
from sandbox.zoho.api import create_app
from sandbox.zoho.limits import Limits
from tests.chaos.crm import scene
from tests.chaos.crm.found import Call, Contact
from tests.chaos.crm.scene import Person

WRITES, READS, STATUS = "v8/Calls", "v8/Leads", "v8/Contacts"
STATUS_FIELD, LAST_FIELD = "Chaos_Status", "Last_Call"


class Side:
    """As of ``tests.chaos.crm.hubspot``. Every second person is a contact, the others are leads."""

    name = "Zoho"
    look_up_after = LOOK_UP_AFTER
    amid = (WRITES, WRITES, READS, STATUS)
    paths = (WRITES, WRITES, WRITES, READS, STATUS, "search", "settings", "")
    known: Mapping[str, tuple[Any, float]] = {
        "too_often": (1, 3.0),
        **{
            name: (None, 1.0)
            for name in (
                "gateway_timeout",
                "server_error",
                "bad_gateway",
                "error_in_200",
                "html",
                "empty",
                "whole_batch",
            )
        },
        **{
            name: (None, 2.0)
            for name in ("drop", "drop_after", "error_after", "garbled_after", "cut_after", "shuffled", "partial")
        },
        **{name: (None, 2.0) for name in ("results_missing", "no_link")},
        **{name: (None, 1.0) for name in ("nameless_duplicate", "error_in_200_after")},
        **{name: (scene.LONG, 1.0) for name in ("hang", "hang_after", "late")},
        **{name: (None, 0.3) for name in ("credits_spent", "token_revoked")},
        "huge": (9, 0.3),
    }

    def __init__(self, people: list[Person], search_delay: float, lifted: bool, seed: int):
        # Tokens are revoked here more often than anywhere.
        limits = Limits(credits=10_000_000, tokens=10_000, lifted=lifted)
        self.account = Zoho(search_delay=search_delay, limits=limits, seed=seed)
        self.account.unwanted = "Result: failed"
        self.account.add_field(CALLS, UNIQUE, "text", unique=True)
        for module in (LEADS, CONTACTS):
            self.account.add_field(module, STATUS_FIELD, "picklist", LEAD_STATUSES)
            self.account.add_field(module, LAST_FIELD, "text")
        for at, (id_, written, name) in enumerate(scene.numbers(people, random.Random(seed))):
            new = {STATUS_FIELD: "NEW"}
            self.account.add((LEADS, CONTACTS)[at % 2], id_, Last_Name=name, Phone=written, **new)

    def app(self):
        return create_app(self.account)

    def settings(self, url: str, quick: bool) -> list[str]:
        app = self.account.app
        lines = ['kind = "zoho"', f'api_url = "{url}"', f'accounts_url = "{url}"', f'client_id = "{app.id}"']
        lines += [f'client_secret = "{app.secret}"', f'refresh_token = "{app.refresh}"']
        return [*lines, f"requests_per_second = {1_000 if quick else 50}"]

    def sets(self, words: str) -> dict[str, str]:
        return {STATUS_FIELD: scene.lead_status(words), LAST_FIELD: scene.last_call(words)}

    def made(self) -> int:
        return self.account.counted["Calls made"]

    def calls(self) -> list[Call]:
        return [self._call(kept) for kept in self.account.records[CALLS].values()]

    def contacts(self) -> list[Contact]:
        people = {**self.account.records[LEADS], **self.account.records[CONTACTS]}
        return [_contact(id_, kept) for id_, kept in people.items()]

    def odd(self) -> list[str]:
        """Nobody wants automations to run."""
        run = self.account.counted["workflows run"]
        return [f"{run} workflows have run"] if run else []

    def _call(self, kept: Kept) -> Call:
        seen, there = self.account.shown_call(kept), kept.row
        said = {"body": there.get("Description") or "", "title": there.get("Subject") or ""}
        said |= {"result": "connected"} if "Result: connected" in said["body"] else {}
        said |= {"seconds": str(there.get("Call_Duration_in_seconds")), "to": there.get("Dialled_Number") or ""}
        bodies = [one["Description"] for one in kept.writes if one.get("Description")]
        return Call(seen["id"], seen["mark"], not kept.gone, [seen["on"]] if seen["on"] else [], said, bodies)


def _contact(id_: str, kept: Kept) -> Contact:
    last = [one[LAST_FIELD] or "" for one in kept.writes if LAST_FIELD in one]
    return Contact(id_, kept.row[STATUS_FIELD], kept.row.get(LAST_FIELD) or "", last)
