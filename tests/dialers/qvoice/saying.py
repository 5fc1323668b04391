"""What a record of QVoice's says. The payload files restate documented and seen shapes, with own values."""

import json
from pathlib import Path

from dialers.base import Connection, Evidence
from dialers.qvoice.words import read

PAYLOADS = Path(__file__).parents[2] / "payloads" / "qvoice"
CALL_ID = "5e0c8f3a-8a55-4d0e-9a37-1b6a4f3f0001"
CALL_KEYS = (f"call:{CALL_ID}", "row:Renewals|+15550100001|1794996772")
QVOICE = Connection(
    "qvoice-main",
    "qvoice",
    default_country="US",
    dispositions={"interested": ("contact", "sale"), "NOT CONNECTED": ("not_interested",)},
)


def payload(name: str) -> dict:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def reading(body, kind="lead_history", context=None, connection=QVOICE):
    if isinstance(body, str):
        body = (PAYLOADS / f"{body}.json").read_bytes()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(Evidence("report", kind, raw, context=context), connection)


def events(body, connection=QVOICE):
    return reading(body, connection=connection).events


def facts_of(body, kind="call_ended", connection=QVOICE):
    return next((event.facts for event in events(body, connection) if event.kind == kind), None)
