"""What the dialers that post tell of one call, and how it is read: for the tests of bodies."""

import json
from pathlib import Path

import pytest

from dialers.base import Evidence
from dialers.registry import DIALERS
from tests.fuzz.targets import connection

PAYLOADS = Path(__file__).parents[1] / "payloads"
JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"

# What each dialer that posts tells of one call, in texts alone, so that a form can say the same.
CALLS = {
    "ryng": (
        "terminal",
        {"callID": "19", "callLogID": "49", "status": "busy", "disposition": "Later", "notes": "Zoë ok"},
    ),
    "ringostat": (
        "call",
        {
            "uniqueid": "7.1",
            "call_type": "in",
            "caller": "380671234567",
            "disposition": "BUSY",
            "employee_fio": "Олена К",
        },
    ),
    "voipex": (
        "event",
        {"EventName": "Hangup", "UniqueId": "17.2", "To": "601000001", "Reason": "RS_BUSY", "Queue": "Zelená linka"},
    ),
}
every_dialer = pytest.mark.parametrize("dialer", CALLS)


def read(dialer, body, content_type=JSON, encoding=None, query=None, kind=None, source="callback"):
    evidence = Evidence(source, kind or CALLS[dialer][0], body, content_type, query, "POST", content_encoding=encoding)
    return DIALERS[dialer].read(evidence, connection(DIALERS[dialer]))


def told(dialer):
    """What is to be read, and the JSON that says so."""
    written = json.dumps(CALLS[dialer][1], ensure_ascii=False)
    return read(dialer, written.encode()).events, written


IDS = {"ryng": "callID", "ringostat": "uniqueid", "voipex": "UniqueId"}
