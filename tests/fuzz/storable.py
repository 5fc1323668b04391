"""Can both databases hold what words return, and can the API show it? Asserts; knows the columns' limits from the models."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String

from dialers import vocabulary as ours
from dialers.base import Event, Reading, Unreadable
from lib import clock
from models import CallEvent, CallKey, CallOutcome, CampaignStatus, Lead, QueueStatus, Receipt

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LONGEST_INDEXED = 2600  # bytes: PostgreSQL refuses an index row of more than 2,704
LARGEST = 2**63 - 1
REASON = re.compile(r"[a-z][a-z0-9_]*")


def reading(found: object) -> None:
    """Asserts that a ``Reading`` can be kept: events, leads, campaigns, queues, and the reason why it is ignored."""
    assert isinstance(found, Reading)
    if found.ignored is not None:
        column(Receipt, "reason", found.ignored)
        assert not found.events
    for one in found.events:
        event(one)
    for table, items in ((Lead, found.leads), (CampaignStatus, found.campaigns), (QueueStatus, found.queues)):
        for item in items:
            for name, value in asdict(item).items():
                column(table, name, list(value) if isinstance(value, tuple) else value)


def refusal(error: Unreadable) -> None:
    """Asserts that an ``Unreadable`` can be kept, counted, and shown."""
    assert REASON.fullmatch(error.reason)
    column(Receipt, "reason", error.reason)
    column(Receipt, "detail", error.detail)
    assert len(error.detail) < 300


def event(one: Event) -> None:
    assert one.kind in ours.EVENT_KINDS
    assert isinstance(one.keys, tuple) and one.keys
    for key in one.keys:
        assert key
        column(CallKey, "key", key)
        assert len(key.encode()) <= LONGEST_INDEXED - 800  # beside the longest name of a connection
    column(CallEvent, "attempt", one.attempt)
    column(CallEvent, "happened_at", one.happened_at)
    column(CallEvent, "facts", dict(one.facts))
    for name, value in one.facts.items():
        assert value is not None, f"{name}: a fact that is not stated is left out"
        if name.startswith("_"):
            continue
        assert name in ours.FACTS, name
        if name in ours.TIME_FACTS:
            assert clock.iso(clock.parse(value)) == value
        else:
            column(CallOutcome, name, value)
        fact(name, value)


def fact(name: str, value: Any) -> None:
    """Asserts what the contract promises of a fact beyond its column."""
    if name in ours.TEXT_FACTS:
        assert isinstance(value, str) and value
    if name in ours.INT_FACTS:
        assert value >= 0
    if name == "connect_outcome":
        assert value in ours.CONNECT_OUTCOMES
    if name == "direction":
        assert value in ours.DIRECTIONS
    if name == "answered_by":
        assert value in ours.ANSWERED_BY
    if name == "flags":
        assert set(value) <= set(ours.FLAGS)
    if name == "custom_fields":
        assert isinstance(value, dict)


def column(table: type, name: str, value: Any) -> None:
    """Asserts that the column holds the value, on SQLite and on PostgreSQL."""
    kept = table.__table__.columns[name]
    if value is None:
        assert kept.nullable, f"{name} may not be null"
    elif isinstance(value, datetime):
        assert value.tzinfo is not None
        assert clock.EARLIEST <= value < clock.LATEST
    elif isinstance(value, bool):
        raise AssertionError(f"{name} is no column for {value}")
    elif isinstance(value, str):
        text(value)
        assert isinstance(kept.type, String), f"{name} holds no text"
        assert kept.type.length is None or len(value) <= kept.type.length, f"{name} has {len(value)} characters"
    elif isinstance(value, int):
        assert isinstance(kept.type, BigInteger | Integer), f"{name} holds no number"
        assert abs(value) <= (LARGEST if isinstance(kept.type, BigInteger) else 2**31 - 1), name
    else:
        assert isinstance(value, dict | list), f"{name}: {type(value).__name__}"
        jsonable(value)


def jsonable(value: object) -> None:
    """Asserts that a JSON column takes the value and gives it back."""
    written = json.dumps(value, allow_nan=False)
    assert json.loads(written) == value
    _walk(value)


def text(value: str) -> None:
    assert not UNSTORABLE.search(value)
    value.encode("utf-8")


def _walk(value: object) -> None:
    if isinstance(value, str):
        text(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            assert isinstance(key, str)
            text(key)
            _walk(item)
    elif isinstance(value, list):
        for item in value:
            _walk(item)
    else:
        assert value is None or isinstance(value, bool | int), type(value).__name__
