"""What every dialer that posts callbacks must get right, whatever its words: its posts, and the Wrapup that takes them."""

import itertools
import json
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

import requests
from sqlalchemy import select

from dialers.registry import DIALERS
from models import CallOutcome, Receipt
from models.database import Database
from models.receipts import PENDING
from queries.shape import COLUMNS
from rig.waiting import until
from tests.server import Served, serving

DIALERS_WITH_CALLBACKS = [name for name, dialer in DIALERS.items() if dialer.callback_kinds]
KINDS = [(name, kind) for name in DIALERS_WITH_CALLBACKS for kind in DIALERS[name].callback_kinds]
SECONDS = 40

# What differs between two calls of which the same was told.
OF_ONE_CALL = ("id", "call_id", "attempt_id", "revision", "position", "first_seen_at", "changed_at", "occurred_at")
OF_ONE_CALL += ("corrected_at",)  # what was shown in between depends on how fast the worker was
OBSERVED = {"talk_source": "talk_seconds", "duration_source": "duration_seconds"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

# Reasons that stand for a fault of ours.
OURS = ("reading_failed", "folding_failed", "refused_by_database")


@dataclass(frozen=True)
class Post:
    """One callback."""

    kind: str
    body: bytes
    content_type: str = JSON
    query: str = ""
    method: str = "POST"


def as_form(post: Post) -> Post:
    """The members of the JSON object, as a form writes them."""
    return replace(post, body=_form(post).encode(), content_type=FORM)


def as_query(post: Post) -> Post:
    """The same in the URL of a GET."""
    return replace(post, body=b"", query="&".join(filter(None, (post.query, _form(post)))), method="GET")


def _form(post: Post) -> str:
    return urlencode({name: value for name, value in json.loads(post.body).items() if value is not None})


WAYS = {"form": as_form, "query": as_query}


class Posting(Protocol):
    """What a dialer posts. Each dialer has its own module, ``tests.dialers.<name>.posting``."""

    SETTINGS: dict[str, str]  # that its connection needs
    WAYS: tuple[str, ...]  # in which it may post besides JSON: "form", "query"
    # The kind and the members of one post, in texts alone, so that a form can say the same.
    TOLD: tuple[str, dict[str, str]]
    ID: str  # the member that names the call

    def call_id(self, number: int) -> str:
        """The id of the call of this number, as its outcome has it."""

    def posts(self, number: int) -> list[Post]:
        """Everything that is posted of an answered call, in the order of its life: each kind once at least. Two calls
        differ in their ids only."""


def posting(dialer: str) -> Posting:
    return import_module(f"tests.dialers.{dialer}.posting")


@dataclass
class Intake:
    """One ``wrapup serve`` with a connection of every dialer that posts, and a look into its database."""

    served: Served
    database: Database
    numbers: itertools.count

    def send(self, dialer: str, post: Post, token: str = "good-token-of-a-test", connection: str | None = None) -> None:
        """Post it; the answer is what vendors take for a success."""
        url = f"{self.served.url}/callbacks/{connection or dialer + '-main'}/{token}/{post.kind}"
        answer = requests.request(
            post.method,
            f"{url}?{post.query}" if post.query else url,
            data=post.body,
            headers={"Content-Type": post.content_type} if post.body else {},
            timeout=SECONDS,
        )
        assert (answer.status_code, answer.content) == (200, b'{"received":true}')

    def known(self) -> set[UUID]:
        with self.database.read() as session:
            return set(session.scalars(select(Receipt.id)))

    def concluded(self, known: set[UUID], count: int) -> list[Receipt]:
        """The receipts that are not known: exactly so many, when each has its end."""

        def ended() -> list[Receipt] | None:
            with self.database.read() as session:
                found = [one for one in session.scalars(select(Receipt).order_by(Receipt.id)) if one.id not in known]
                session.expunge_all()
            return found if len(found) == count and all(one.state != PENDING for one in found) else None

        found = until(ended, SECONDS, self.said)
        for one in found:
            assert one.state != "quarantined" or one.reason, one.body[:100]
            assert one.reason not in OURS, (one.reason, one.detail)
        return found

    def outcomes(self, call_id: str | None = None) -> list[dict[str, Any]]:
        """Column by column; of all calls, or of one."""
        wanted = select(CallOutcome).where(CallOutcome.merged_into.is_(None))
        with self.database.read() as session:
            rows = session.scalars(wanted if call_id is None else wanted.where(CallOutcome.call_id == call_id))
            return [{name: getattr(row, name) for name in COLUMNS} for row in rows]

    def outcome_of(self, dialer: str, posts: Sequence[Post], number: int, copies: int = 1) -> dict[str, Any]:
        """The one outcome that comes of these posts of a call, each sent so many times."""
        known = self.known()
        for post in posts:
            for _ in range(copies):
                self.send(dialer, post)
        receipts = self.concluded(known, copies * len(posts))
        assert {one.state for one in receipts} <= {"normalized", "duplicate"}, [one.reason for one in receipts]
        assert sum(one.state == "duplicate" for one in receipts) >= (copies - 1) * len(posts)
        (found,) = self.outcomes(posting(dialer).call_id(number))
        for source, seconds in OBSERVED.items():  # how fast the test was
            if found[source] == "observed":
                found |= {source: None, seconds: None}
        return {name: value for name, value in found.items() if name not in OF_ONE_CALL}

    def said(self) -> str:
        """Its log."""
        return (self.served.folder / "err").read_text()


@contextmanager
def intake(folder: Path, url: str):
    config = folder / "wrapup.toml"
    config.write_text("\n".join(map(_table, DIALERS_WITH_CALLBACKS)))
    with serving(folder, url, WRAPUP_CONFIG=str(config)) as served:
        database = Database(url)
        yield Intake(served, database, itertools.count(1))
        database.close()


def _table(dialer: str) -> str:
    settings = {"dialer": dialer, **posting(dialer).SETTINGS}
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    return "\n".join([f"[connections.{dialer}-main]", *lines, 'callback_tokens = ["good-token-of-a-test"]', ""])
