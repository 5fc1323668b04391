"""What a VoIPEX account posts of a call, for what every dialer that posts must get right."""

import json
import random

from sandbox.voipex import calls
from tests.dialers.callback_cases import Post

SETTINGS = {"api_url": "http://127.0.0.1:9", "username": "demo", "password": "demo"}
WAYS = ("form", "query")
# One call in texts alone, so that a form can say it: the kind, what is posted, and which of it names the call.
TOLD = (
    "event",
    {"EventName": "Hangup", "UniqueId": "17.2", "To": "601000001", "Reason": "RS_BUSY", "Queue": "Zelená linka"},
)
ID = "UniqueId"


def call_id(number: int) -> str:
    return f"1793000000.{number}"


def posts(number: int) -> list[Post]:
    told = calls.webhooks(call_id(number), "222333444", "601000001", "green", "answered", random.Random(3))
    return [Post("event", json.dumps(webhook).encode()) for _, webhook in told if "UniqueId" in webhook]
