"""HubSpot as what calls go to: how it is furnished, what strikes there, and what is found at the end."""

import random
from collections.abc import Mapping
from typing import Any

from crm.hubspot import LOOK_UP_AFTER
from sandbox.hubspot.account import Hubspot
from sandbox.hubspot.api import create_app
from tests.chaos.crm import scene
from tests.chaos.crm.found import Call, Contact
from tests.chaos.crm.scene import LAST_CALL, MARK, Person

UPSERT, ASSOCIATIONS, STATUS = "calls/batch/upsert", "associations/", "contacts/batch/update"
# What the account asks of calls that have failed, and never gets: such are refused.
RULE = {"object": "calls", "when": {"hs_call_status": "FAILED"}, "need": ["hs_call_recording_url"]}
# In words of every CRM's -> HubSpot's.
SAID = {"body": "hs_call_body", "title": "hs_call_title", "to": "hs_call_to_number"}


class Side:
    """An account. ``paths``: addresses that are struck; ``amid``: those amid whose requests workers are killed; ``known``: its
    faults, with their values, and how often each comes; ``ids``: how a record's number is written, where it is no number."""

    name = "HubSpot"
    look_up_after = LOOK_UP_AFTER
    amid = (UPSERT, ASSOCIATIONS, STATUS)
    paths = (UPSERT, UPSERT, ASSOCIATIONS, STATUS, STATUS, "calls/batch/read", "contacts/batch/read", "search", "")
    known: Mapping[str, tuple[Any, float]] = {
        **{name: (1, 3.0) for name in ("ten_secondly", "secondly", "migrating")},
        **{
            name: (None, 1.0)
            for name in ("locked", "gateway_timeout", "server_error", "bad_gateway", "error_in_200", "html")
        },
        **{
            name: (None, 2.0)
            for name in ("drop", "drop_after", "error_after", "garbled_after", "cut_after", "shuffled")
        },
        **{name: (None, 2.0) for name in ("partial", "results_missing", "no_association", "whole_batch", "empty")},
        **{name: (scene.LONG, 1.0) for name in ("hang", "hang_after", "late")},
        **{name: (None, 0.3) for name in ("daily_spent", "token_expired")},
        "error_in_200_after": (None, 1.0),
        "huge": (9, 0.3),
    }

    def __init__(self, people: list[Person], search_delay: float, lifted: bool, seed: int):
        self.account = Hubspot(scene.TOKEN, search_delay=search_delay, lifted=lifted, seed=seed)
        furnish(self.account, people, random.Random(seed))

    def app(self):
        return create_app(self.account)

    def settings(self, url: str, quick: bool) -> list[str]:
        lines = ['kind = "hubspot"', f'access_token = "{scene.TOKEN}"', f'api_url = "{url}"']
        return lines + (["requests_per_ten_seconds = 10000", "searches_per_second = 1000"] if quick else [])

    def sets(self, words: str) -> dict[str, str]:
        """What a disposition is mapped to."""
        return {"hs_lead_status": scene.lead_status(words), LAST_CALL: scene.last_call(words)}

    def made(self) -> int:
        return self.account.counted["calls made"]

    def calls(self) -> list[Call]:
        return [_call(self.account, one) for one in self.account.records["calls"].found.values()]

    def contacts(self) -> list[Contact]:
        return [_contact(one) for one in self.account.records["contacts"].found.values()]

    def odd(self) -> list[str]:
        """What else is not as it should be."""
        return []


def furnish(hubspot: Hubspot, people: list[Person], source: random.Random) -> None:
    """Each number written in one way or another, and two contacts that share one."""
    hubspot.add_property("calls", MARK, unique=True)
    hubspot.add_property("contacts", LAST_CALL)
    hubspot.required.append(RULE)
    for id_, written, name in scene.numbers(people, source):
        hubspot.add_contact(id_, firstname=name, phone=written, hs_lead_status="NEW")


def _call(hubspot: Hubspot, record: Any) -> Call:
    beside = [id_ for id_, _ in hubspot.associations.of(("calls", record.id), "contacts")]
    there = record.properties
    said = {name: there[own] for name, own in SAID.items() if own in there}
    said |= {"result": "connected"} if there.get("hs_call_status") == "COMPLETED" else {}
    said |= {"seconds": str(int(there["hs_call_duration"]) // 1000)} if there.get("hs_call_duration") else {}
    bodies = [wrote[SAID["body"]] for _, wrote, _ in record.writes if SAID["body"] in wrote]
    return Call(record.id, there.get(MARK), record.archived_at is None, beside, said, bodies)


def _contact(record: Any) -> Contact:
    wrote = [said[LAST_CALL] for _, said, _ in record.writes if LAST_CALL in said]
    there = record.properties
    return Contact(record.id, there["hs_lead_status"], there.get(LAST_CALL, ""), wrote)
