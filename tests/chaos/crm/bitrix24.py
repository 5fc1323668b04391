"""Bitrix24 as what calls go to: how it is furnished, what strikes there, and what is found at the end."""

import random
from collections.abc import Mapping
from typing import Any

from crm.bitrix24 import LOOK_UP_AFTER
from sandbox.bitrix24.account import MARK, Activity, Comment, Kept, Portal
from sandbox.bitrix24.api import create_app
from sandbox.bitrix24.limits import Limits
from sandbox.hubspot.properties import LEAD_STATUSES
from tests.chaos.crm import scene
from tests.chaos.crm.found import Call, Contact
from tests.chaos.crm.scene import Person

REGISTER, FINISH, NOTE = "externalCall.register", "telephony.externalCall.finish", "note.save"
STATUS, COMMENT = "crm.item.update", "comment.add"
LAST_FIELD = "ufCrm_1720000000001"
CONNECTED = "200"


class Side:
    """As of ``tests.chaos.crm.hubspot``."""

    name = "Bitrix24"
    look_up_after = LOOK_UP_AFTER
    amid = (REGISTER, REGISTER, NOTE, STATUS)
    paths = (
        *(REGISTER, REGISTER, REGISTER, NOTE, STATUS, STATUS, COMMENT),
        *("statistic.get", "binding.list", "findbycomm", "item.list", ""),
    )
    known: Mapping[str, tuple[Any, float]] = {
        **{name: (1, 2.0) for name in ("query_limit", "operation_limit")},
        **{
            name: (None, 1.0)
            for name in ("gateway_timeout", "server_error", "bad_gateway", "error_in_200", "html", "empty")
        },
        **{name: (None, 2.0) for name in ("drop", "drop_after", "error_after", "garbled_after", "cut_after")},
        **{name: (2, 2.0) for name in ("time_out", "failing")},
        **{name: (None, 1.0) for name in ("no_link", "no_note", "error_in_200_after", "within_limit", "ended_within")},
        **{name: (scene.LONG, 1.0) for name in ("hang", "hang_after", "late")},
        **{name: (None, 0.3) for name in ("overload", "token_expired", "internal_error")},
        "not_told": (FINISH, 2.0),
        "huge": (9, 0.3),
    }

    def __init__(self, people: list[Person], search_delay: float, lifted: bool, seed: int):
        # Of the plan with most room: what is tried takes more requests than others have.
        limits = Limits(most=250, drains=5, lifted=lifted)
        self.account = Portal(search_delay=search_delay, limits=limits, seed=seed)
        self.account.app.rotate = False  # who is killed with a token in hand needs a person
        self.account.unwanted = "OTHER"  # of calls that have failed
        self.account.stages["STATUS"] = {one: one for one in LEAD_STATUSES}
        self.account.add_field("leads", LAST_FIELD, "string")
        for id_, written, name in scene.numbers(people, random.Random(seed)):
            self.account.add("leads", id_, phone=written, name=name)

    def app(self):
        return create_app(self.account)

    def settings(self, url: str, quick: bool) -> list[str]:
        app = self.account.app
        lines = ['kind = "bitrix24"', f'portal_url = "{url}"', f'oauth_url = "{url}"', f'client_id = "{app.id}"']
        lines += [f'client_secret = "{app.secret}"', 'refresh_token = "demo-refresh"']
        return [*lines, f"requests_per_second = {10_000 if quick else 5}"]

    def sets(self, words: str) -> dict[str, str]:
        return {"stageId": scene.lead_status(words), LAST_FIELD: scene.last_call(words)}

    def made(self) -> int:
        return self.account.counted["activities made"] + self.account.counted["comments made"]

    def calls(self) -> list[Call]:
        return [
            *(_call(one) for one in self.account.activities.values()),
            *(_comment(one) for one in self.account.comments.values()),
        ]

    def contacts(self) -> list[Contact]:
        return [_contact(id_, kept) for id_, kept in self.account.records["leads"].items()]

    def odd(self) -> list[str]:
        """A finished call is one activity, and nobody was shown anything."""
        finished, made = len(self.account.statistics), self.account.counted["activities made"]
        odd = [] if finished == made else [f"{finished} calls of the statistics are {made} activities"]
        shown = self.account.counted["shown to agents"]
        return [*odd, *([f"{shown} calls were shown to agents"] if shown else [])]


def _call(one: Activity) -> Call:
    text = one.notes[-1] if one.notes else ""
    said = {"body": text, "title": text.partition("\n")[0], "seconds": text, "to": one.call["PHONE_NUMBER"]}
    said |= {"result": "connected"} if one.call["CALL_FAILED_CODE"] == CONNECTED else {}
    return Call(str(one.id), one.call["EXTERNAL_CALL_ID"], one.live, [id_ for _, id_ in one.places], said, one.notes)


def _comment(one: Comment) -> Call:
    text = one.texts[-1]
    said = {name: text for name in ("body", "title", "seconds", "to", "result")}
    return Call(str(one.id), next(iter(MARK.findall(text)), None), one.live, [one.place[1]], said, one.texts)


def _contact(id_: str, kept: Kept) -> Contact:
    last = [one[LAST_FIELD] or "" for one in kept.writes if LAST_FIELD in one]
    return Contact(id_, kept.row["stageId"], kept.row.get(LAST_FIELD) or "", last)
