"""Ringostat's webhooks: the admin picks what they are sent at, the method, the format and every parameter's name.

help.ringostat.com, "How to realise the Ringostat integration using Webhooks": nothing is ever sent again.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

GET, FORM, JSON, RPC, NESTED = "get", "form", "json", "rpc", "nested"
FORMATS = (GET, FORM, JSON, RPC, NESTED)
TOP = ("uniqueid", "calldate")  # of Webhooks 2.0; everything else is nested
PATIENCE = 10.0


@dataclass(frozen=True)
class Webhook:
    """``names`` maps columns to parameters; a column that is not in it keeps its name, one that is mapped to None is not
    sent. Static parameters stand in the URL."""

    url: str
    event: str = "after_call"
    format: str = JSON
    names: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One try; there is no other. ``answer`` is the status, or in a word why there was none."""

    event: str
    format: str
    uniqueid: str
    at: float
    answer: int | str


def post(webhook: Webhook, row: Mapping[str, Any]) -> Delivery:
    """Send it, once."""
    called = ((webhook.names.get(name, name), value) for name, value in row.items())
    named = {name: value for name, value in called if name is not None}
    at = time.time()
    try:
        answer: int | str = _sent(webhook, named)
    except requests.RequestException as error:
        answer = type(error).__name__
    return Delivery(webhook.event, webhook.format, str(row["uniqueid"]), at, answer)


def _sent(webhook: Webhook, named: dict[str, Any]) -> int:
    with requests.Session() as session:
        session.trust_env = False
        if webhook.format == GET:
            return session.get(webhook.url, params=named, timeout=PATIENCE, allow_redirects=False).status_code
        if webhook.format == FORM:
            kind, body = "application/x-www-form-urlencoded", urlencode(named)
        else:
            kind, body = "application/json", json.dumps(_shaped(webhook, named), ensure_ascii=False)
        headers = {"Content-Type": kind}
        return session.post(
            webhook.url, data=body.encode(), headers=headers, timeout=PATIENCE, allow_redirects=False
        ).status_code


def _shaped(webhook: Webhook, named: dict[str, Any]) -> dict[str, Any]:
    if webhook.format == RPC:
        return {"jsonrpc": "2.0", "id": 1, "method": webhook.event, "params": named}
    if webhook.format == NESTED:
        inner = {name: value for name, value in named.items() if name not in TOP}
        return {name: named[name] for name in TOP if name in named} | {"additional_call_data": inner}
    return named
