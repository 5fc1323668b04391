"""The webhooks of a call, and their posting. Events, keys and directions as on IPEX Confluence, "Webhooks"; the values of
``Reason`` are not public, so these are the states of the engine underneath, and one word that nobody has mapped."""

import json
import random
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

# Result -> (how often, whether somebody answers, the Reason of its end).
RESULTS = {
    "answered": (55, True, "Normal Clearing"),
    "no_answer": (20, False, "RS_NOANSWER"),
    "busy": (8, False, "RS_BUSY"),
    "wrong_number": (4, False, "RS_NUMBER"),
    "lost": (5, True, "RS_LOST"),
    "error": (3, False, "RS_ERROR"),
    "odd": (5, False, "Call Completed Elsewhere"),
}
AGENTS = (("444", "jana.nova"), ("445", "petr.novak"), ("446", "eva.mala"))
PATIENCE = 15.0
MOST_KEPT = 2_000


def result(dice: random.Random) -> str:
    return dice.choices(list(RESULTS), [often for often, _, _ in RESULTS.values()])[0]


def webhooks(
    unique_id: str, caller_id: str, number: str, queue: str | None, result: str, dice: random.Random
) -> list[tuple[float, dict[str, Any]]]:
    """(seconds from now, the webhook) of one call to the number, in the order of its life."""
    _, answers, reason = RESULTS[result]
    line, login = dice.choice(AGENTS)
    call: dict[str, Any] = {
        "From": caller_id,
        "To": number,
        "UniqueId": unique_id,
        "Queue": queue,
        "Direction": "outgoing",
    }
    agent = {"Line": line, "Login": login, "Email": f"{login}@example.test"} if answers else {}
    rang = dice.uniform(3, 20)
    ended = rang + (dice.uniform(5, 90) if answers else dice.uniform(1, 10))
    found = [(0.0, {"EventName": "NewCall", **call}), (1.0, {"EventName": "Ringing", **call})]
    if answers:
        found.append((rang, {"EventName": "Answered", **call, **agent}))
        if dice.random() < 0.2:
            found.append((rang + 1, {"EventName": "AgentPaused", "Line": line, "Login": login}))
    found.append((ended, {"EventName": "Hangup", **call, **agent, "Reason": reason}))
    found.append((ended + dice.uniform(2, 6), {"EventName": "CDR", **call, **agent, "Reason": reason}))
    return found


class Courier:
    """Posts webhooks, once each: no page tells of retries. ``posted`` is what was sent, ``answers`` counts what came back."""

    def __init__(self, url: str | None, renamed: Mapping[str, str]):
        self.url = url
        self.renamed = renamed
        self.posted: list[dict[str, Any]] = []
        self.answers: Counter = Counter()
        self._lock = threading.Lock()

    def post(self, webhook: Mapping[str, Any], faults: Collection[str] = ()) -> None:
        """Post it, if there is a URL."""
        written = {self.renamed.get(name, name): value for name, value in webhook.items() if value is not None}
        body, content_type = _written(written, faults)
        with self._lock:
            self.posted = [*self.posted[1 - MOST_KEPT :], dict(webhook)]
        if not self.url:
            return
        # Basic or Bearer towards the receiver can be set up at VoIPEX; whoever receives must not stumble over it.
        headers = {"Content-Type": content_type, "Authorization": "Basic ZGVtbzpkZW1v"}
        try:
            answer = requests.post(
                self.url, data=body.encode(), headers=headers, timeout=PATIENCE, allow_redirects=False
            )
            said = str(answer.status_code)
        except requests.RequestException as error:
            said = type(error).__name__
        with self._lock:
            self.answers[said] += 1


def _written(webhook: Mapping[str, Any], faults: Collection[str]) -> tuple[str, str]:
    if "unquoted" in faults:
        return "{\n" + ",\n".join(f" {name}: {value}" for name, value in webhook.items()) + "\n}", "application/json"
    if "form" in faults:
        return urlencode(webhook), "application/x-www-form-urlencoded"
    return json.dumps(webhook), "application/json"
