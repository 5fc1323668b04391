"""``wrapup demo``: Wrapup on a database of its own, with all five dialers of the sandbox placing calls, and two CRMs and a mail
server there.

What is there from an earlier run is gone on with: same settings, tokens and keys, and leads are not loaded twice. The sandbox
has no memory but JAICP's numbers and the CRM's contacts; its ids begin with the present moment, and its past is the same
whenever it is told, so that a dialer that was started again confuses no call with another.
"""

import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

import migrations
from leads import loads
from leads.loading import Loading
from lib import locks, private
from lib import text as texts
from service.demo import contacts
from service.demo import settings as demo_settings
from service.settings import config
from service.settings.mistakes import BadSettings
from service.supervisor.children import Child
from service.supervisor.plan import plan
from service.supervisor.serve import supervise, wrapup

FOLDER = Path("instance-demo")
LOCK, MAILS = "demo.lock", "mails"
PAST_DAYS, CALLS_A_DAY = 14, 20
HISTORY_NICE = 15  # the calls of now come first

# connection, campaign (None: a new one), what their numbers begin with, how many leads; JAICP calls nobody but them.
LOADS = (
    ("jaicp-demo", "renewals", "+7911555", 200),
    ("ryng-demo", None, "+91981255", 20),
    ("ringostat-demo", "456", "+38093555", 20),
    ("qvoice-demo", "e11a3f685392911e8c0dafe93ecc58e8", "+1212555", 20),
)
# Nobody's, by their country's numbering plan: +1 NPA 555 0100 to 0199. The other countries name no such numbers.
FIRST = {"+1212555": 100}


@click.command(
    help=f"Run all of it on a database of its own in {FOLDER}/, with five dialers of the sandbox placing calls. A second run "
    "goes on with what is there."
)
@click.option("--fresh", is_flag=True, help="Erase the demo's calls, settings and keys first; says what it erases.")
def demo(fresh: bool) -> None:
    """Raises BadSettings."""
    sys.exit(run(fresh))


def run(fresh: bool = False) -> int:
    """The exit code of ``serve``. Raises BadSettings."""
    private.make_folder(FOLDER)
    private.close(FOLDER)
    private.make_file(FOLDER / LOCK)
    with (FOLDER / LOCK).open("w") as lock:
        if not locks.take(lock.fileno()):
            raise BadSettings(f"A demo is running on {FOLDER}/ already; stop it first.")
        return _demo(fresh)


def _demo(fresh: bool) -> int:
    known = _calls()
    if fresh:
        if known is not None:
            click.echo(f"Erased: {texts.many(known, 'call')}, the settings and the keys of the demo in {FOLDER}/.")
        _erase()
    elif known is not None:
        click.echo(
            f"The demo goes on with the {texts.many(known, 'call')} in {FOLDER}/, the keys and the settings there. "
            "`wrapup demo --fresh` erases them and begins anew."
        )
    file = FOLDER / "wrapup.toml"
    ports = demo_settings.written(file)
    os.environ["WRAPUP_CONFIG"] = str(file.absolute())
    os.environ["WRAPUP_DATA_DIR"] = str(FOLDER.absolute())
    os.environ.pop("WRAPUP_DATABASE_URL", None)
    settings = config.load()
    loaded = _load(settings)
    click.echo(
        "Five dialers of the sandbox are placing calls" + (f"; leads go to {loaded} of them." if loaded else ".")
    )
    if "hubspot" in ports:
        click.echo(f"Calls of their leads arrive in a CRM: http://127.0.0.1:{ports['hubspot']}/")
    if "webhook" in ports:
        click.echo(f"Calls of VoIPEX are posted to a receiver of webhooks: http://127.0.0.1:{ports['webhook']}/")
    if demo_settings.MAIL in ports:
        click.echo(f"Mails of schedules are kept in {FOLDER / MAILS}/, whoever they are for.")
    ours = plan(settings)
    players = _players(settings, ports, first=known is None or fresh)
    children = [Child(f"sandbox-{name}", command, ours.environ, renewable=False) for name, command in players.items()]
    return supervise(
        ours,
        [
            *children,
            *(Child(*one, ours.environ, nice=HISTORY_NICE, once=True, renewable=False) for one in _histories()),
        ],
    )


def _calls() -> int | None:
    """How many calls an earlier run has left; None where there was none."""
    file = FOLDER / "wrapup.db"
    if not file.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM call_outcomes WHERE merged_into IS NULL").fetchone()[0]
    except sqlite3.Error:
        return 0  # an earlier run that was stopped before its tables were made


def _erase() -> None:
    for path in FOLDER.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def _players(settings: config.Settings, ports: dict[str, int], first: bool) -> dict[str, list[str]]:
    """The dialers' commands. ``first``: this run is the first; Ryng's callbacks of the past come only then."""
    urls = settings.callbacks_of()
    past = ["--past-days", str(PAST_DAYS), "--calls-a-day", str(CALLS_A_DAY)]
    dice = ["--seed", str(int(time.time()))]  # other calls than those of the run before
    own = {
        "ryng": ["--connect-url", urls["ryng-demo"]["connect"], "--terminal-url", urls["ryng-demo"]["terminal"]]
        + ["--access-token", "demo", "--calls-per-minute", "12", "--time-scale", "0.1", "--keep", "5000"]
        + (past if first else []),
        "qvoice": ["--calls-per-minute", "12", "--past-calls", "0", *past, *dice],
        "ringostat": ["--webhook-url", urls["ringostat-demo"]["call"], "--timezone", "Europe/Kyiv"]
        + ["--calls-per-minute", "12", "--longest-call", "60", "--past-calls", "0", *past, *dice],
        "jaicp": ["--token", "demo", "--at-once", "10", "--book", str(FOLDER.absolute() / "jaicp-sandbox.ndjson")],
        "voipex": ["--webhook-url", urls["voipex-demo"]["event"], "--calls-per-minute", "12", "--time-scale", "0.5"]
        + dice,
    }
    book = FOLDER.absolute() / "contacts.ndjson"
    contacts.write(book, [lead for connection in ("ryng-demo", "jaicp-demo") for lead in _leads(connection)])
    own["hubspot"] = ["--contacts", "0", "--contacts-file", str(book), "--unique-property", "wrapup_outcome_id"]
    own["webhook"] = []
    own[demo_settings.MAIL] = ["--folder", str(FOLDER.absolute() / MAILS)]
    return {
        name: [sys.executable, "-m", f"sandbox.{name}", "--port", str(ports[name]), *more]
        for name, more in own.items()
        if name in ports
    }


def _histories() -> list[tuple[str, list[str]]]:
    """(name, command) of what brings in the past that polls do not look back to by themselves."""
    since = f"{datetime.now(UTC) - timedelta(days=PAST_DAYS):%Y-%m-%d}"
    return [
        (f"past-{name}", [*wrapup(), "poll", name, "--since", since, "--pause", "0.2"])
        for name in ("qvoice-demo", "ringostat-demo")
    ]


def _load(settings: config.Settings) -> int:
    """Load leads where no earlier run has; into how many connections."""
    database = settings.database()
    migrations.upgrade(database)
    with database.read() as session:
        wanted = [
            load
            for load in LOADS
            if load[0] in settings.connections and not loads.page(session, {}, [load[0]], 1)["loads"]
        ]
    for connection, campaign, *_ in wanted:
        rows = enumerate(_leads(connection), 1)
        Loading(settings.connections[connection], campaign, rows, None if campaign else "Renewals").keep(database)
    database.close()
    return len(wanted)


def _leads(connection: str) -> list[dict[str, str]]:
    """With references, as a CRM gives them, and mostly with names."""
    at, (_, _, prefix, count) = next((at, load) for at, load in enumerate(LOADS, 1) if load[0] == connection)
    first = FIRST.get(prefix, 0)
    return [
        {
            "number": f"{prefix}{first + number:04d}",
            "reference": f"crm-{1_000 * at + number}",
            **({"name": f"Lead {1_000 * at + number}"} if number % 5 else {}),
        }
        for number in range(count)
    ]
