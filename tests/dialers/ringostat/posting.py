"""What a Ringostat project posts of a call, for what every dialer that posts must get right."""

import json
from zoneinfo import ZoneInfo

from sandbox.ringostat.dialer import Call
from tests.dialers.callback_cases import Post
from tests.dialers.ringostat.stage import INCOMING, START

SETTINGS = {"api_url": "http://127.0.0.1:9", "project_id": "123", "auth_key": "demo"}
WAYS = ("form", "query")
# One call in texts alone, so that a form can say it: the kind, what is posted, and which of it names the call.
TOLD = (
    "call",
    {
        "uniqueid": "7.1",
        "call_type": "in",
        "caller": "380671234567",
        "disposition": "BUSY",
        "employee_fio": "Олена К",
    },
)
ID = "uniqueid"


def call_id(number: int) -> str:
    return f"{int(START.timestamp())}.{number}"


def posts(number: int) -> list[Post]:
    call = Call(call_id(number), START, INCOMING)
    found = []
    for event in ("before_call", "pick_up", "after_call"):
        call.over = event == "after_call"
        row = call.row(ZoneInfo("UTC")) | {"project_id": SETTINGS["project_id"]}
        found.append(Post("call", json.dumps(row).encode(), query=f"event={event}"))
    return found
