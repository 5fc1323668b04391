"""``wrapup demo``: Wrapup on a database of its own, with all five dialers of the sandbox placing calls."""

import os
import shutil
import sys
from pathlib import Path

import click

import migrations
from leads.front import Front
from lib import secrets
from models.database import Database
from service import config
from service.children import Child
from service.plan import plan
from service.serve import supervise
from service.sockets import free_ports

FOLDER = Path("instance-demo")

SETTINGS = """\
[connections.ryng-demo]
dialer = "ryng"
callback_tokens = ["{token}"]
api_url = "http://127.0.0.1:{ryng}"
access_token = "demo"
default_country = "IN"
status_codes = {{ "2" = "connected" }}
crm_reference_field = "Lead ID"

[connections.qvoice-demo]
dialer = "qvoice"
portal_url = "http://127.0.0.1:{qvoice}"
username = "demo"
password = "demo"
domain = "demo"
account_id = "demo"
page_size = 50
poll_seconds = 5

[connections.ringostat-demo]
dialer = "ringostat"
callback_tokens = ["{token}"]
api_url = "http://127.0.0.1:{ringostat}"
project_id = "123"
auth_key = "demo"
timezone = "Europe/Kyiv"
poll_seconds = 5

[connections.jaicp-demo]
dialer = "jaicp"
api_url = "http://127.0.0.1:{jaicp}"
campaigns = {{ renewals = "demo" }}
poll_seconds = 5

[connections.voipex-demo]
dialer = "voipex"
callback_tokens = ["{token}"]
api_url = "http://127.0.0.1:{voipex}"
auth_url = "http://127.0.0.1:{voipex}/token"
username = "demo"
password = "demo"

[dispositions.ryng-demo]
"Interested" = ["contact", "sale"]
"Call back later" = ["contact", "callback"]
"Bought" = ["contact", "sale"]
"Not interested" = ["contact", "not_interested"]
"Do not call again" = ["contact", "dnc"]
"Wrong number" = ["wrong_number"]
"""

# connection, campaign (None: a new one), country code and how many leads; JAICP calls nobody but them.
LOADS = (
    ("jaicp-demo", "renewals", "+7911555", 200),
    ("ryng-demo", None, "+91981255", 20),
    ("ringostat-demo", "456", "+38093555", 20),
)


def demo() -> int:
    """Start everything on a fresh database in ``instance-demo``; the exit code of ``serve``."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    ports = dict(zip(("ryng", "qvoice", "ringostat", "jaicp", "voipex"), free_ports(5), strict=True))
    file = FOLDER / "wrapup.toml"
    file.write_text(SETTINGS.format(token=secrets.make(), **ports), encoding="utf-8")
    os.environ["WRAPUP_CONFIG"] = str(file.absolute())
    os.environ["WRAPUP_DATA_DIR"] = str(FOLDER.absolute())
    os.environ.pop("WRAPUP_DATABASE_URL", None)
    settings = config.load()
    _load(settings)
    click.echo("Five dialers of the sandbox are placing calls; leads are being loaded into three of them.")
    ours = plan(settings)
    return supervise(ours, [Child(name, command, ours.environ) for name, command in _players(settings, ports).items()])


def _players(settings: config.Settings, ports: dict[str, int]) -> dict[str, list[str]]:
    urls = settings.callbacks_of()
    own = {
        "ryng": ["--connect-url", urls["ryng-demo"]["connect"], "--terminal-url", urls["ryng-demo"]["terminal"]]
        + ["--access-token", "demo", "--calls-per-minute", "30", "--time-scale", "0.05"],
        "qvoice": ["--calls-per-minute", "30"],
        "ringostat": ["--webhook-url", urls["ringostat-demo"]["call"], "--timezone", "Europe/Kyiv"]
        + ["--calls-per-minute", "30"],
        "jaicp": ["--token", "demo", "--time-scale", "0.05"],
        "voipex": ["--webhook-url", urls["voipex-demo"]["event"], "--calls-per-minute", "30", "--time-scale", "0.1"],
    }
    return {
        name: [sys.executable, "-m", f"sandbox.{name}", "--port", str(ports[name]), *more] for name, more in own.items()
    }


def _load(settings: config.Settings) -> None:
    database = Database(settings.database_url)
    migrations.upgrade(database)
    front = Front(database, settings.connections, settings.callbacks_of())
    for connection, campaign, prefix, count in LOADS:
        rows = enumerate(({"number": f"{prefix}{at:04d}", "name": f"Lead {at}"} for at in range(count)), 1)
        front.keep(front.loading(connection, campaign, rows, None if campaign else "Renewals"))
    database.close()
