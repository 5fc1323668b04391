"""Somebody who has a token of a HubSpot account of the sandbox, and asks."""

from contextlib import contextmanager
from typing import Any

import requests

from sandbox.hubspot.account import Hubspot
from sandbox.hubspot.api import create_app
from sandbox.server import running

OBJECTS, BESIDE = "/crm/objects/2026-09", "/crm/associations/2026-09"
MARK = "wrapup_outcome_id"


class Asker:
    def __init__(self, hubspot: Hubspot, url: str):
        self.hubspot = hubspot
        self.url = url
        self.token = next(iter(hubspot.tokens))

    def ask(self, verb: str, path: str, content: object = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        more = {"timeout": 30, "allow_redirects": False, **more}
        return requests.request(verb, self.url + path, json=content, headers=headers, **more)

    def raw(self, verb: str, path: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        return requests.request(verb, self.url + path, data=body, headers=headers, timeout=30)

    def upsert(self, *calls: dict[str, str], traced: bool = True) -> requests.Response:
        """Each with a ``mark``, which becomes its unique value, and its trace."""
        inputs = [
            {"idProperty": MARK, "id": call["mark"], "properties": {k: v for k, v in call.items() if k != "mark"}}
            | ({"objectWriteTraceId": f"trace-{place}"} if traced else {})
            for place, call in enumerate(calls)
        ]
        return self.ask("POST", f"{OBJECTS}/calls/batch/upsert", {"inputs": inputs})

    def read(self, kind: str, *ids: str, names: tuple[str, ...] = (), by: str | None = None) -> requests.Response:
        asked = {"inputs": [{"id": one} for one in ids], "properties": list(names), "propertiesWithHistory": []}
        return self.ask("POST", f"{OBJECTS}/{kind}/batch/read", asked | ({"idProperty": by} if by else {}))

    def update(self, *contacts: dict[str, str], traced: bool = True) -> requests.Response:
        inputs = [
            {"id": one["id"], "properties": {k: v for k, v in one.items() if k != "id"}}
            | ({"objectWriteTraceId": f"trace-{place}"} if traced else {})
            for place, one in enumerate(contacts)
        ]
        return self.ask("POST", f"{OBJECTS}/contacts/batch/update", {"inputs": inputs})

    def associate(self, *pairs: tuple[str, str]) -> requests.Response:
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}
        inputs = [{"from": {"id": call}, "to": {"id": contact}, "types": [spec]} for call, contact in pairs]
        return self.ask("POST", f"{BESIDE}/calls/contacts/batch/create", {"inputs": inputs})

    def beside(self, *calls: str) -> requests.Response:
        return self.ask("POST", f"{BESIDE}/calls/contacts/batch/read", {"inputs": [{"id": one} for one in calls]})

    def search(self, *groups: list[tuple[str, str, str]], kind: str = "contacts", **more: Any) -> requests.Response:
        """Each group a list of (property, operator, value)."""
        asked: dict[str, Any] = {
            "filterGroups": [
                {
                    "filters": [
                        {"propertyName": name, "operator": operator, "value": value} for name, operator, value in one
                    ]
                }
                for one in groups
            ],
            "properties": ["phone"],
            "limit": 100,
            "after": "0",
            "sorts": [],
        }
        return self.ask("POST", f"{OBJECTS}/{kind}/search", asked | more)

    def faults(self, wanted: object) -> None:
        answer = requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30)
        assert answer.status_code == 200, answer.text

    def ledger(self) -> dict:
        return requests.get(f"{self.url}/sandbox/ledger", timeout=30).json()


@contextmanager
def asking(hubspot: Hubspot):
    """An Asker of the account while it answers; calls have their unique property."""
    hubspot.add_property("calls", MARK, unique=True)
    with running(create_app(hubspot), keeping=True) as url:
        yield Asker(hubspot, url)
