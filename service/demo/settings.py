"""The demo's settings file: five connections to the sandbox, and two destinations there. Some words are left undecided, so that
there are some to decide."""

import re
import socket
import tomllib
from pathlib import Path

from lib import private, secrets
from service.settings.mistakes import BadSettings
from service.supervisor.sockets import free_ports

NAMES = ("ryng", "qvoice", "ringostat", "jaicp", "voipex")
CRMS = ("hubspot", "webhook")  # settings of a demo of before have none
MAIL, SENDER = (
    "mail",
    "wrapup@demo.example",
)  # nor a server that takes mails; one with another sender is the reader's own
URLS = ("api_url", "portal_url", "url")
_LOCAL = re.compile(r"http://127\.0\.0\.1:(\d+)")

SETTINGS = """\
# The demo's. What is changed here stays; `wrapup demo --fresh` writes it anew.
[connections.ryng-demo]
dialer = "ryng"
callback_tokens = ["{token}"]
api_url = "http://127.0.0.1:{ryng}"
access_token = "demo"
default_country = "IN"
status_codes = {{ "2" = "connected", "3" = "no_answer", "4" = "busy" }}  # 6 is undecided
crm_reference_field = "Lead ID"

[connections.qvoice-demo]
dialer = "qvoice"
portal_url = "http://127.0.0.1:{qvoice}"
username = "demo"
password = "demo"
domain = "demo"
account_id = "demo"
default_country = "US"
page_size = 100
poll_seconds = 5
crm_reference_field = "lead_ticket_id"

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

[destinations.hubspot-demo]
kind = "hubspot"
access_token = "demo"
api_url = "http://127.0.0.1:{hubspot}"
app_url = "http://127.0.0.1:{hubspot}"
connections = ["ryng-demo", "jaicp-demo"]
campaigns = ["Renewals", "renewals"]
when = "final"

[destinations.hubspot-demo.status]
"flag:sale" = {{ hs_lead_status = "CONNECTED" }}
"flag:wrong_number" = {{ hs_lead_status = "BAD_TIMING" }}
"connected" = {{ hs_lead_status = "IN_PROGRESS", only_from = ["NEW", "OPEN", "ATTEMPTED_TO_CONTACT"] }}
"no_answer" = {{ hs_lead_status = "ATTEMPTED_TO_CONTACT", only_from = ["NEW", "OPEN"] }}

[destinations.webhook-demo]
kind = "webhook"
url = "http://127.0.0.1:{webhook}/webhook"
secrets = ["whsec_c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveA=="]
allow_private_addresses = true
connections = ["voipex-demo"]

[mail]
host = "127.0.0.1"
port = {mail}
tls = "none"
from = "{sender}"

[words.qvoice-demo]
"lead_hangup / lead" = "dismissed"

# "New Disposition" is undecided.
[dispositions.ryng-demo]
"Interested" = ["contact", "sale"]
"Call back later" = ["contact", "callback"]
"Bought" = ["contact", "sale"]
"Not interested" = ["contact", "not_interested"]
"Do not call again" = ["contact", "dnc"]
"Wrong number" = ["wrong_number"]

# "Wrong number" is undecided.
[dispositions.qvoice-demo]
"Interested" = ["contact", "sale"]
"Call back later" = ["contact", "callback"]
"Not interested" = ["contact", "not_interested"]

# "Call back later" is undecided.
[dispositions.ringostat-demo]
"Sale" = ["contact", "sale"]
"Not interested" = ["contact", "not_interested"]

[dispositions.jaicp-demo]
"Interested" = ["contact", "sale"]
"Call back later" = ["contact", "callback"]
"Not interested" = ["contact", "not_interested"]
"""


def written(file: Path) -> dict[str, int]:
    """The port of each dialer, each CRM and the mail server, after the file was written, or brought to ports that are free:
    tokens, and whatever somebody has changed in it, stay. Raises BadSettings."""
    if not file.exists():
        names = (*NAMES, *CRMS, MAIL)
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        private.write(file, SETTINGS.format(token=secrets.make(), sender=SENDER, **ports))
        return ports
    text = file.read_text(encoding="utf-8")
    ports = _ports(text)
    taken = [name for name in ports if not _is_free(ports[name])]
    fresh = dict(zip(taken, free_ports(len(taken)), strict=True))
    for name, port in fresh.items():
        before = "^port = " if name == MAIL else r"http://127\.0\.0\.1:"
        text = re.sub(rf"({before}){ports[name]}\b", rf"\g<1>{port}", text, flags=re.MULTILINE)
    if fresh:
        private.write(file, text)
    private.close(file)
    return ports | fresh


def _ports(text: str) -> dict[str, int]:
    try:
        file = tomllib.loads(text)
        tables = {name: file["connections"][f"{name}-demo"] for name in NAMES}
        named = {name: file.get("destinations", {}).get(f"{name}-demo") for name in CRMS}
        tables |= {name: table for name, table in named.items() if table is not None}
        urls = {name: next(table[key] for key in URLS if key in table) for name, table in tables.items()}
        local = {name: found for name, url in urls.items() if (found := _LOCAL.match(url))}
        mail = file.get(MAIL)
        own = {MAIL: int(mail["port"])} if isinstance(mail, dict) and mail.get("from") == SENDER else {}
        return {name: int(local[name][1]) for name in tables} | own
    except (tomllib.TOMLDecodeError, KeyError, StopIteration, TypeError) as error:
        raise BadSettings(
            "The demo's settings file does not name its five dialers any more; wrapup demo --fresh writes it anew, and "
            f"erases the demo's data ({type(error).__name__})."
        ) from None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
