"""``wrapup leads``: load a file of leads, look at a load, let it go on, decide what the dialer left open."""

import json
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import structlog
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

import migrations
from dialers.base import Connection
from dialers.giving import BadLeads, BadList, CannotDo, Refused
from leads import files, loads, sending
from leads.loading import Loading, offered
from lib import text as texts
from queries.leads_in_doubt import unknown_leads
from service.cli.settings import no_connection
from service.terminal import say, say_json
from web.context import context

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.3
TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".txt": "text/csv",  # as spreadsheets write it, with tabs
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    "": "application/json",  # /dev/stdin, say
}

group = AppGroup("leads", help="Load leads into campaigns, and see what became of them.")


@group.command()
@click.argument("connection")
@click.argument("campaign")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--new", is_flag=True, help="Make a campaign of these leads; CAMPAIGN is its name.")
@click.option("--options", default="{}", help="The dialer's own fields for the request, as JSON.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
def load(connection: str, campaign: str, file: Path, new: bool, options: str, dry_run: bool) -> None:
    """Load FILE (.csv, .tsv, .txt, .ndjson, .jsonl or .json) into CAMPAIGN and wait for its end. An interrupted wait loses
    nothing.

    Code 1 where a lead was rejected or is unknown, or the load was parked; 2 where the file cannot be taken: then nothing was
    sent.
    """
    own = context()
    migrations.upgrade(own.database)
    kind = TYPES.get(file.suffix.lower())
    target = {"campaign": None, "name": campaign} if new else {"campaign": campaign}
    configured = own.settings.connections.get(connection)
    if configured is None:
        raise click.UsageError(no_connection(connection))
    if kind is None:
        say(
            f"wrapup: {file.name} is none of {' '.join(filter(None, TYPES))}: save the list as one, a spreadsheet as CSV.",
            err=True,
        )
        sys.exit(2)
    try:
        offered(configured, target["campaign"])
        rows = files.rows(file.read_bytes(), kind)
        loading = Loading(configured, rows=rows, options=_object(options), **target)
    except (CannotDo, Refused, BadList, BadLeads) as error:
        _refuse(error)
    for number, at in loading.checked.repeated.items():
        say(f"{number} stands in the rows {', '.join(map(str, at))}; each is sent.", err=True)
    _tell_doubts(loading.checked.doubts)
    if dry_run:
        would = loading.dry(own.database, own.settings.callbacks_of().get(connection, {}))
        say_json(would, indent=1)
        return
    load_id = loading.keep(own.database)
    for lead in loading.noticed()["suppressions"]:
        say(f"row {lead['row']}: {lead['number']} is not called. {lead['reason']}", err=True)
    say(f"Load {load_id}: {texts.many(len(loading.checked.leads), 'lead')}.")
    _wait(configured, load_id)


@group.command("list")
@click.option("--connection", multiple=True, help="Only loads of this connection; may be given several times.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, help="How many of the newest loads.")
def list_loads(connection: tuple[str, ...], limit: int) -> None:
    """Show the newest loads, and whatever is in doubt until somebody decides.

    Code 1 where leads are in doubt.
    """
    own = context()
    with own.database.read() as session:
        found = loads.page(session, own.settings.connections, list(connection) or None, limit)["loads"]
        in_doubt = unknown_leads(session)
    if not found:
        say("No load yet.")
    for load in found:
        target = load["campaign_id"] or load["name"]
        said = [load["id"], load["connection"], load["state"], _counted(load["counts"]), target, load["reason"]]
        say("  ".join(filter(None, said)))
    doubts = {name: desk for name, desk in in_doubt.items() if not connection or name in connection}
    for name, desk in doubts.items():
        those = ", ".join(desk["unknown_load_ids"])
        loads_named = "load" if len(desk["unknown_load_ids"]) == 1 else "loads"
        lead = texts.many(desk["unknown_leads"], "lead")
        say(f"{name}: {lead} in doubt since {desk['oldest_unknown_at']}, of {loads_named} {those}.")
    if doubts:
        say("Look at the dialer, then: wrapup leads decide LOAD accepted, rejected or resend.")
        sys.exit(1)


@group.command()
@click.argument("load_id", type=click.UUID)
@click.option("--state", type=click.Choice(loads.SHOWN_STATES), help="Only leads in this state.")
def show(load_id: UUID, state: str | None) -> None:
    """Show a load and its leads."""
    after = 0
    while True:
        page = _page(load_id, after, 1000, state)
        if not after:
            say(f"{page['state']}  {_counted(page['counts'])}" + (f"  {page['reason']}" if page["reason"] else ""))
        for lead in page["leads"]:
            said = "  ".join(str(lead[name]) for name in ("reference", "dialer_id", "reason") if lead[name])
            say(f"{lead['row']}  {lead['number']}  {lead['state']}  {said}".rstrip())
        if page["next"] is None:
            return
        after = int(page["next"])


@group.command()
@click.argument("load_id", type=click.UUID)
def resume(load_id: UUID) -> None:
    """Let a parked load go on, after its credentials were mended."""
    before = _page(load_id, 0, 1)
    with context().database.write() as session:
        if before is None or not loads.resume(session, load_id):
            raise click.ClickException("There is no such load.")
    if before["state"] != "parked":
        say(f"It is not parked but {before['state']}; nothing was changed.")
    elif _page(load_id, 0, 1)["state"] == "parked":
        say("It stays parked: its leads are not all stored. If nobody is loading it now, load the list again.")
    elif before["connection"] not in context().settings.connections:
        say(f"It goes on when {before['connection']} is in the settings again.")
    else:
        say("It goes on.")


@group.command()
@click.argument("load_id", type=click.UUID)
@click.argument("decision", type=click.Choice(tuple(loads.DECISIONS)))
def decide(load_id: UUID, decision: str) -> None:
    """Decide what became of the load's unknown leads. With resend somebody may be called twice."""
    with context().database.write() as session:
        decided = loads.decide(session, load_id, decision)
    if decided is None:
        raise click.ClickException("There is no such load.")
    say(f"{texts.many(decided, 'lead')}: {decision}.")


def _page(load_id: UUID, after: int, limit: int, state: str | None = None) -> dict[str, Any]:
    own = context()
    with own.database.read() as session:
        found = loads.shown(session, own.settings.connections, load_id, after, limit, state)
    if found is None:
        raise click.ClickException("There is no such load.")
    return found


def _wait(connection: Connection, load_id: UUID) -> None:
    """Show how far it is until its end, and help to send: also where no worker runs. The desk lets one send at a time."""
    over = threading.Event()
    urls = context().settings.callbacks_of().get(connection.name, {})
    arguments = (context().database, connection, urls)

    def send() -> None:
        while not over.is_set():
            try:
                sent = sending.send_due(*arguments, stop=over)
            except SQLAlchemyError as error:  # it may be back in a moment, and nobody else may be sending
                log.error("database_trouble", loop="send", error=type(error).__name__)
                sent = False
            if not sent:
                over.wait(LOOK_SECONDS)

    helper = threading.Thread(target=send, daemon=True)
    helper.start()
    try:
        page = _page(load_id, 0, 1)
        with click.progressbar(length=page["total"], label="Sent", file=sys.stderr) as bar:
            while page["state"] == "running":
                over.wait(LOOK_SECONDS)
                page = _page(load_id, 0, 1)
                bar.update(page["total"] - page["counts"]["pending"] - bar.pos)
    finally:
        over.set()
        helper.join(60)
    say(f"{page['state']}: {_counted(page['counts'])}" + (f". {page['reason']}" if page["reason"] else ""))
    _tell_why(load_id, page["counts"])
    sys.exit(0 if page["counts"]["accepted"] == page["total"] else 1)


def _tell_why(load_id: UUID, counts: Mapping[str, int]) -> None:
    """The first reason of what was not accepted, and where the others stand."""
    for state in ("rejected", "unknown"):
        if counts[state]:
            (lead,) = _page(load_id, 0, 1, state)["leads"]
            reason = (lead["reason"] or "nobody says why").rstrip(".")
            say(f"row {lead['row']}, {state}: {reason}. All of them: wrapup leads show {load_id}", err=True)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise click.UsageError(f"--options is not JSON: {error.msg}.") from None
    except RecursionError:
        raise click.UsageError("--options is nested too deep.") from None
    if not isinstance(found, dict):
        raise click.UsageError("--options must be a JSON object.")
    return found


def _tell_doubts(doubts: Iterable[Mapping[str, Any]]) -> None:
    for lead in doubts:
        number, raw, why = lead["number"], lead["number_raw"], " ".join(lead["doubts"])
        called = f"{raw} is called as {number}. {why}" if raw != number else f"{number}: {why}"
        say(f"row {lead['row']}: {called}", err=True)


def _refuse(error: ValueError) -> None:
    if isinstance(error, BadLeads):
        _tell_doubts(error.doubts)
        for fault in error.faults:
            say(f"row {fault['row']}, {fault['field']}: {fault['message']}", err=True)
    row, field = getattr(error, "row", None), getattr(error, "field", None)
    at = ", ".join(filter(None, (row and f"row {row}", field)))
    say(f"wrapup: {at}: {error}" if at else f"wrapup: {error}", err=True)
    sys.exit(2)
