"""``wrapup demo``: Wrapup on a database of its own, with dialers of the sandbox placing calls."""

import os
import shutil
import socket
import sys
from pathlib import Path

import click

from lib import secrets
from service import config
from service.children import Child
from service.plan import plan
from service.serve import supervise

FOLDER = Path("instance-demo")

SETTINGS = """\
[connections.ryng-demo]
dialer = "ryng"
callback_tokens = ["{token}"]
default_country = "IN"
status_codes = {{ "2" = "connected" }}
crm_reference_field = "Lead ID"

[connections.qvoice-demo]
dialer = "qvoice"
portal_url = "http://127.0.0.1:{port}"
username = "demo"
password = "demo"
domain = "demo"
account_id = "demo"
page_size = 50
poll_seconds = 5

[dispositions.ryng-demo]
"Interested" = ["contact", "sale"]
"Call back later" = ["contact", "callback"]
"Bought" = ["contact", "sale"]
"Not interested" = ["contact", "not_interested"]
"Do not call again" = ["contact", "dnc"]
"Wrong number" = ["wrong_number"]
"""


def demo() -> int:
    """Start everything on a fresh database in ``instance-demo``; the exit code of ``serve``."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    port = _free_port()
    file = FOLDER / "wrapup.toml"
    file.write_text(SETTINGS.format(token=secrets.make(), port=port), encoding="utf-8")
    os.environ["WRAPUP_CONFIG"] = str(file.absolute())
    os.environ["WRAPUP_DATA_DIR"] = str(FOLDER.absolute())
    os.environ.pop("WRAPUP_DATABASE_URL", None)
    settings = config.load()
    urls = {kind: url for name, kind, url in settings.callback_urls() if name == "ryng-demo"}
    ours = plan(settings)
    python = [sys.executable, "-m"]
    click.echo("Two dialers of the sandbox are placing calls: ryng-demo posts callbacks, qvoice-demo is polled.")
    return supervise(
        ours,
        [
            Child("qvoice", [*python, "sandbox.qvoice", "--port", str(port), "--calls-per-minute", "60"], ours.environ),
            Child(
                "ryng",
                [*python, "sandbox.ryng", "--connect-url", urls["connect"], "--terminal-url", urls["terminal"]]
                + ["--calls-per-minute", "60", "--time-scale", "0.05"],
                ours.environ,
            ),
        ],
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
