"""``wrapup poll``: what dialers can be asked, now, and the past that they had before we came."""

import math
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

import migrations
import polling
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from lib import text as texts
from models import audit
from outcomes.feed_place import FeedPlace
from outcomes.normalize import normalize_pending
from queries.reports import gone
from service.cli.settings import no_connection, settings
from service.terminal import say
from web.context import context

GOES_ON = "What came before is kept; the same command goes on from there."
MARKS = {True: "ok ", False: "no ", None: "-  "}


class MomentOption(click.ParamType):
    """A time as the API takes it; a day alone is its beginning, in UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        found = value if isinstance(value, datetime) else clock.parse(value)
        if found is None:
            self.fail(f"{value!r} is no time; 2026-01-31 and 2026-01-31T08:00:00Z are.", param, ctx)
        return found.astimezone(UTC).replace(microsecond=0)


class Seconds(click.FloatRange):
    """How long to wait: an end there must be, and "nan" is no number."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found: float = super().convert(value, param, ctx)  # type: ignore[arg-type]  # it reads texts, too
        if not math.isfinite(found):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return found


@click.command()
@click.argument("connection", required=False)
@click.option(
    "--since", type=MomentOption(), help="Ask for the past from this moment on; goes on where it was interrupted."
)
@click.option("--until", type=MomentOption(), help="With --since: up to this moment; now, or where it was interrupted.")
@click.option("--pause", type=Seconds(0, 86_400), default=1.0, help="With --since: seconds between two days. [1]")
@with_appcontext
def poll(connection: str | None, since: datetime | None, until: datetime | None, pause: float) -> None:
    """Poll now: one connection, or all that have reports. Also beside a running worker. Code 1 where a poll failed, or a past
    was not answered in whole."""
    database, known = context().database, context().connections
    if connection is not None and connection not in known:
        raise click.UsageError(no_connection(connection))
    migrations.upgrade(database)
    FeedPlace(database, settings().data_dir).check()
    with database.write() as session:
        told = {"since": clock.iso(since), "until": clock.iso(until)} if since else None
        audit.note(session, "poll.now", connection=connection, details=told)
    if since is None:
        if until is not None:
            raise click.UsageError("--until goes with --since.")
        failed = _now([known[connection]] if connection else _with_reports(known.values()))
    else:
        if connection is None:
            raise click.UsageError("--since asks for the past of one connection: name it.")
        failed = _past(known[connection], since, until, pause)
    while normalize_pending(database, known):  # so that the outcomes are there when the command ends
        pass
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("connection")
@with_appcontext
def check(connection: str) -> None:
    """Try a connection for real: reports, callback URL, what is missing. Code 1 where something is not as it must be."""
    database, known = context().database, context().connections
    if connection not in known:
        raise click.UsageError(no_connection(connection))
    migrations.upgrade(database)
    urls = context().settings.callbacks_of().get(connection, {})
    wrong = False
    for one in polling.check(database, known[connection], urls):
        wrong = wrong or one.ok is False
        say(f"{MARKS[one.ok]}  {one.what}: {one.said}")
        if one.todo:
            say(f"     {one.todo}")
    sys.exit(1 if wrong else 0)


def _with_reports(connections: Iterable[Connection]) -> list[Connection]:
    return [one for one in connections if DIALERS[one.dialer].reports_of(one)]


def _why_none(connection: Connection) -> str:
    """Why no report is asked for: there is none, or each is switched off."""
    switches = [f"{report.switch} = true" for report in DIALERS[connection.dialer].reports if report.switch]
    if not switches:
        return f"{connection.dialer} posts callbacks only."
    return f"they are switched off; {', '.join(switches)} under [connections.{connection.name}] asks for them."


def _now(asked: list[Connection]) -> bool:
    """Whether one failed."""
    failed = False
    for one in asked:
        if not DIALERS[one.dialer].reports_of(one):
            raise click.ClickException(f"{one.name} has no reports to poll: {_why_none(one)}")
        for polled in polling.poll_connection(context().database, one):
            failed = failed or polled.error is not None
            said = "nothing to ask for" if polled.idle else _said(polled)
            say(f"{one.name}  {polled.report}, {polled.layer}: {said}")
    return failed


def _past(connection: Connection, since: datetime, until: datetime | None, pause: float) -> bool:
    """Whether it ended before the end, or was not answered in whole."""
    database, now = context().database, clock.now()
    begun = polling.unfinished(database, connection.name, since)
    if until is None:
        until = begun or now.replace(microsecond=0)
    if since >= until or until > now:
        raise click.UsageError("--since must lie before --until, and neither in the future.")
    if begun == until:
        say(f"Going on with what was begun, up to {clock.iso(until)}.")
    try:
        history = polling.History(database, connection, since, until, pause=pause)
        first, gaps = since, False
        for number, walked in enumerate(history.slices()):
            first = first if number else walked.since  # of what an earlier run asked for nobody knows here
            gaps, said = gaps or walked.polled.warning is not None, _said(walked.polled)
            again = f" Again in {walked.wait:.0f} s." if walked.wait is not None else ""
            say(f"{connection.name}  {walked.report}, to {clock.iso(walked.until)}: {said}{again}")
            if walked.polled.error and walked.wait is None:
                say(GOES_ON, err=True)
                return True
    except KeyboardInterrupt:
        say(f"\n{GOES_ON}", err=True)
        raise
    except (polling.NoHistory, polling.Busy) as error:
        raise click.ClickException(str(error)) from None
    span = f"from {clock.iso(first)} to {clock.iso(until)}"
    if gaps:
        say(
            f"{connection.name} was asked for all that it had {span}, and did not answer all of it: see above.",
            err=True,
        )
    else:
        say(f"All that {connection.name} had {span} was asked for and kept.")
    with database.read() as session:
        kept_since = gone.calls_before(session)
    if kept_since is not None and first < kept_since:
        say(
            f"Calls before {clock.iso(kept_since)} make no outcomes: they are older than [retention] keeps them.",
            err=True,
        )
    return gaps


def _said(polled: polling.Polled) -> str:
    if polled.error:
        return polled.error
    return f"{_records(polled)}. {polled.warning}" if polled.warning else _records(polled)


def _records(polled: polling.Polled) -> str:
    return f"{texts.many(polled.kept.seen, 'record')}, {polled.kept.new} of them new"
