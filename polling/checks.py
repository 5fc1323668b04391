"""``wrapup check``: is a connection set up as it must be? Everything is tried for real; nothing that comes back is kept.

Each line says what was tried, whether it went well, and what to do where not: the settings, each report asked once, the way
in for callbacks, and what is left undecided.
"""

import json
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from sqlalchemy import func, select

from dialers import clients, masking
from dialers.asking import Report, ReportPage, Window
from dialers.base import Connection
from dialers.connection import AnyClient
from dialers.giving import CannotDo
from dialers.registry import DIALERS
from lib import clock, ids
from lib import text as texts
from lib.http.errors import ExchangeError
from lib.http.exchange import Http, Patience, host_of
from models import Receipt
from models.database import Database
from models.receipts import CALLBACK, CHECK, QUARANTINED, RECEIVED_ANSWER
from polling import tasks
from polling.walk import Clock
from queries import evidence, health, words_seen

LOOKED_BACK = timedelta(hours=1)
ARRIVES_SECONDS = 3.0
# Of somebody who waits for the answer, and from an address of our own: a callback is answered within two and a half seconds.
PATIENCE = Patience(connect=3.0, read=4.0, whole=5.0)
LOCAL = ("127.", "localhost", "[::1]", "0.0.0.0")

WAY_IN = "callback URL"
TODO = {
    "credentials_refused": "Correct the credentials under [connections.{name}], or have the dialer allow what was refused.",
    "unavailable": "Is the dialer up? Check the address under [connections.{name}], and that this machine may reach it.",
    "certificate_not_trusted": "Check the address under [connections.{name}], and the certificate that it shows.",
    "asked_wrongly": "Check the address and the ids under [connections.{name}].",
    "uncertain": "Check the address under [connections.{name}]: what answers there may not be the dialer.",
    "garbled": "Check the address under [connections.{name}]: what answers there may not be the dialer.",
}


@dataclass(frozen=True)
class Check:
    """One thing that was tried. ``ok`` None: neither well nor wrong: it could not be tried, or somebody is to decide; ``said``
    says which."""

    what: str
    ok: bool | None
    said: str
    todo: str | None = None


def todo(connection: str, error_id: str | None) -> str | None:
    """What to do about a report that cannot be asked for; None where the error itself has to say."""
    return TODO[error_id].format(name=connection) if error_id in TODO else None


def check(
    database: Database, connection: Connection, urls: Mapping[str, str], now: Clock = clock.now
) -> Iterator[Check]:
    """Try everything of the connection. ``urls``: its callback URLs by kind. Takes as long as the dialer does to answer."""
    dialer = DIALERS[connection.dialer]
    reports = []
    if dialer.reports:
        for one in _reports(database, connection, now()):
            reports.append(one)
            yield one
    if dialer.leads or dialer.control or dialer.acts:
        yield _giving(connection, reports)
    arrives = False
    if dialer.callback_kinds:
        for one in _way_in(database, connection, urls):
            arrives = one.what == WAY_IN and one.ok is True
            yield one
    yield from _troubles(database, connection, arrives, now())
    yield from _undecided(database, connection)


# Us asking ---------------------------------------------------------------------------------------------------------------
def _reports(database: Database, connection: Connection, at: datetime) -> Iterator[Check]:
    dialer = DIALERS[connection.dialer]
    asked = dialer.reports_of(connection)
    client = clients.fresh(connection, at).client if asked else None
    hopeless = None
    for report in dialer.reports:
        what = f"report {report.name.replace('_', ' ')}"
        if report not in asked:
            yield Check(what, None, f"It is switched off; {report.switch} = true asks for it.")
            continue
        if hopeless:  # asked again it would say the same, and dialers count refused logins
            yield Check(what, None, f"Not tried, because of {hopeless}.")
            continue
        try:
            with masking.discreet(connection, client):
                found = _asked(database, connection, client, report, what, at)
            yield found
        except ExchangeError as error:
            do = todo(connection.name, error.error_id) or TODO["garbled"].format(name=connection.name)
            yield Check(what, False, str(error), do)
            hopeless = what if error.error_id in ("credentials_refused", "unavailable") else None


def _asked(
    database: Database, connection: Connection, client: AnyClient, report: Report, what: str, at: datetime
) -> Check:
    """Its first page. Raises ExchangeError."""
    wanted = None
    if any(layer.jobs for layer in report.layers):
        own = [task for task in tasks.tasks(connection, DIALERS[connection.dialer]) if task.report is report]
        with database.read() as session:
            found = [tasks.window(session, connection, task, None, at) for task in own]
        wanted = next((one for one in found if one), None)
        if wanted is None:
            return Check(what, None, "There is nothing to ask for: no loaded lead is on its way.")
    elif any(layer.span for layer in report.layers):
        wanted = Window(at - LOOKED_BACK, at)
    walk = cast(Generator[ReportPage, None, None], report.walk(client, connection, wanted))  # every dialer's is one
    try:
        page = next(walk, None)
    finally:
        walk.close()
    records = len(page.records) if page else 0
    since = " of the last hour" if isinstance(wanted, Window) else ""
    warning = f" {masking.masked(page.warning, connection, client)}" if page and page.warning else ""
    return Check(what, True, f"It answered; {texts.many(records, 'record')}{since} on its first page.{warning}")


def _giving(connection: Connection, reports: list[Check]) -> Check:
    """Whether leads and commands can be sent. Nothing is sent to try it; ``reports`` are asked with the same credentials."""
    dialer = DIALERS[connection.dialer]
    try:
        dialer.ready(connection)
    except CannotDo as error:
        return Check("leads and commands", False, str(error), f"Complete [connections.{connection.name}].")
    said = "Everything that they need is set;"
    if any(report.ok for report in reports):
        return Check("leads and commands", True, f"{said} the reports show that its credentials hold.")
    why = "nothing could be asked" if any(report.ok is False for report in reports) else "there is nothing to ask"
    return Check("leads and commands", None, f"{said} whether its credentials hold is not known: {why}.")


# Them telling us -----------------------------------------------------------------------------------------------------------
def _way_in(database: Database, connection: Connection, urls: Mapping[str, str]) -> Iterator[Check]:
    url = next(iter(urls.values())).rpartition("/")[0] + f"/{CHECK}"
    host = host_of(url)
    if host.startswith(LOCAL):
        yield Check(
            "public address",
            False,
            f"The callback URLs are of {host}, which no dialer outside can reach.",
            "Set WRAPUP_PUBLIC_URL to the address under which dialers reach this machine.",
        )
    elif urlsplit(url).scheme != "https":
        yield Check(
            "public address",
            False,
            f"Callbacks to {host} come unencrypted, the token in the URL with them.",
            "Use https.",
        )
    yield _posted(database, connection, url, host)


def _posted(database: Database, connection: Connection, url: str, host: str) -> Check:
    """A callback of our own, to the address that the dialer has, with the right token: it must come into this database."""
    what, body = WAY_IN, json.dumps({"check": str(ids.new())}).encode()
    headers = {"Content-Type": "application/json"}
    if connection.callback_authorization:
        headers["Authorization"] = connection.callback_authorization[0]
    try:
        answer = Http(PATIENCE).exchange("POST", url, what="a callback", headers=headers, data=body, alone=True)
    except ExchangeError as error:
        return Check(what, False, str(error), "Is wrapup serve running, and does WRAPUP_PUBLIC_URL lead to it?")
    if (answer.status, answer.body) != (200, RECEIVED_ANSWER):
        said = f"{host} answered a callback with {answer.status} and not as Wrapup does."
        return Check(what, False, said, "Something else answers there: check the proxy and WRAPUP_PUBLIC_URL.")
    began = time.monotonic()
    while time.monotonic() - began < ARRIVES_SECONDS:
        with database.read() as session:
            mine = (Receipt.connection == connection.name, Receipt.source == CALLBACK, Receipt.kind == CHECK)
            latest = select(Receipt.body).where(*mine).order_by(Receipt.received_at.desc()).limit(20)
            if body in session.scalars(latest).all():
                return Check(what, True, f"A callback posted to {host} was answered 200 and is in this database.")
        time.sleep(0.1)
    said = (
        f"{host} answered a callback with 200, but it did not come into this database within {ARRIVES_SECONDS:.0f} s."
    )
    todo = "Does the address lead to another installation, or is this one spooling (/readyz)? Is the token an old one?"
    return Check(what, False, said, todo)


# What goes on ----------------------------------------------------------------------------------------------------------------
def _troubles(database: Database, connection: Connection, arrives: bool, at: datetime) -> Iterator[Check]:
    """What is amiss by what was seen so far. ``arrives``: callbacks come into this database; else nobody can be called silent."""
    with database.read() as session:
        found = health.connections(session, {connection.name: connection}, at)
    own = next(one for one in found if one["name"] == connection.name)
    if own["silence"] and arrives:
        ask = "Does the dialer place calls, and does it have the present callback URLs (wrapup connections)?"
        yield Check("callbacks", False, own["silence"]["words"], ask)
    if own["misaddressed"]:
        words, _, do = own["misaddressed"]["words"].partition(": ")
        yield Check("outdated URL", False, f"{words}.", do[:1].upper() + do[1:])
    desk = own["sending"] or {}
    if desk.get("parked_loads"):
        why = f" {desk['error']}" if desk["error"] else ""
        do = "Correct the credentials and restart; where they were mended at the dialer, run wrapup leads resume LOAD."
        yield Check("loads", False, f"Parked: {desk['parked_loads']}.{why}", do)
    if desk.get("unknown_leads"):
        loads = ("loads " if len(desk["unknown_load_ids"]) > 1 else "load ") + ", ".join(desk["unknown_load_ids"])
        said = f"In doubt: {texts.many(desk['unknown_leads'], 'lead')}, of {loads}."
        do = "See at the dialer whether it took them, then run wrapup leads decide LOAD accepted, rejected or resend."
        yield Check("leads", None, said, do)


# What is left to decide ------------------------------------------------------------------------------------------------------
def _undecided(database: Database, connection: Connection) -> Iterator[Check]:
    with database.read() as session:
        words = words_seen.unmapped(session, {connection.name: connection}).get(connection.name, [])
        mine = evidence.conditions({"connection": connection.name, "state": QUARANTINED})
        mine.append(Receipt.stranger.is_(False))
        reasons = session.execute(select(Receipt.reason, func.count()).where(*mine).group_by(Receipt.reason)).all()
    if words:
        said = f"Undecided: {len(words)}, such as {words[0]['word']!r} (calls: {words[0]['calls']})."
        yield Check("words", None, said, f"wrapup words suggest {connection.name} prints a start.")
    else:
        yield Check("words", True, "No word that was seen so far waits to be decided.")
    if reasons:
        said = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons, key=lambda row: -row[1]))
        yield Check(
            "quarantine", False, f"{said}.", "Look at them on the page of the quarantine: each says what to do."
        )
