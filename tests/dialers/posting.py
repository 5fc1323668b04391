"""What the dialers that post tell of one call, and how it is read: for the tests of bodies."""

import json
from pathlib import Path

import pytest

from dialers.base import Evidence
from dialers.registry import DIALERS
from tests.dialers.callback_cases import DIALERS_WITH_CALLBACKS, posting
from tests.fuzz.targets import connection

PAYLOADS = Path(__file__).parents[1] / "payloads"
JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"

# What each dialer that posts tells of one call.
POSTING = {name: posting(name) for name in DIALERS_WITH_CALLBACKS}
CALLS = {name: found.TOLD for name, found in POSTING.items()}
every_dialer = pytest.mark.parametrize("dialer", CALLS)


def read(dialer, body, content_type=JSON, encoding=None, query=None, kind=None, source="callback"):
    evidence = Evidence(source, kind or CALLS[dialer][0], body, content_type, query, "POST", content_encoding=encoding)
    return DIALERS[dialer].read(evidence, connection(DIALERS[dialer]))


def told(dialer):
    """What is to be read, and the JSON that says so."""
    written = json.dumps(CALLS[dialer][1], ensure_ascii=False)
    return read(dialer, written.encode()).events, written


IDS = {name: found.ID for name, found in POSTING.items()}
