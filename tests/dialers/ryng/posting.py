"""What Ryng posts of a call, for what every dialer that posts must get right."""

import json
from datetime import UTC, datetime, timedelta

from sandbox.ryng import bodies as bodies
from tests.dialers.callback_cases import Post

SETTINGS: dict[str, str] = {}
WAYS = ("form", "query")  # it posts JSON; what else says the same is read
START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
# The same of one call in texts alone, so that a form can say it: the kind, what is posted, and which of it names the call.
TOLD = ("terminal", {"callID": "19", "callLogID": "49", "status": "busy", "disposition": "Later", "notes": "Zoë ok"})
ID = "callID"
AGENT = bodies.Agent(67131, "asha@example.test", "+919800000001")


def call_id(number: int) -> str:
    return str(number)


def posts(number: int) -> list[Post]:
    ended = START + timedelta(minutes=2)
    times = {"started": START, "ended": ended, "disposed": ended + timedelta(seconds=8)}
    said = {"disposition": "Interested", "recording_url": "https://recordings.example.test/x.mp3"}
    talked = {"talk_seconds": 95, "agent_seconds": 100}
    attempt = bodies.Attempt(number + 1_000_000, AGENT, "completed", **times, **said, **talked)
    call = bodies.Call(number, bodies.CAMPAIGN, "+919800012345", START - timedelta(hours=1), [attempt])
    connects = [
        bodies.connect_body(call, attempt, event) for event in (bodies.AGENT_CONNECTED, bodies.CUSTOMER_CONNECTED)
    ]
    found = [*(("connect", body) for body in connects), ("terminal", bodies.terminal_body(call, attempt))]
    return [Post(kind, json.dumps(body).encode()) for kind, body in found]
