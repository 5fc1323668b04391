"""Asks a dialer's report at a server that answers with nonsense, and prints what came of it and how many MiB it took.

python -m tests.dialers.swollen <dialer> <report> <url> <shape>...
"""

import gc
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dialers.asking import Jobs, Window
from dialers.base import Connection
from dialers.registry import DIALERS
from lib.http.errors import ExchangeError
from lib.http.exchange import Patience
from polling.walk import small

SETTINGS = {
    "qvoice": {
        "portal_url": "{}",
        "page_size": 1000,
        "username": "u",
        "password": "p",
        "domain": "d",
        "account_id": "a",
    },
    "ringostat": {
        "api_url": "{}",
        "project_id": "1",
        "auth_key": "k",
        "export_limit": 6500,
        "report_fields": ["uniqueid"],
        "timezone": "UTC",
    },
    "jaicp": {"api_url": "{}", "campaigns": {"renewals": "token"}},
    "voipex": {
        "api_url": "{}",
        "auth_url": "{}/token",
        "username": "u",
        "password": "p",
        "client_id": "c",
        "timeout_seconds": 30,
        "poll_calls": True,
    },
}


SETTINGS["ryng"] = {"api_url": "{}", "access_token": "t"}

# What is given to a dialer is answered, too.
GIVEN = {
    "ryng": lambda client: client.give("POST", "/leads", json={}),
    "qvoice": lambda client: client.tell("POST", "/leads", {}),
    "ringostat": lambda client: client.add_row({}),
    "jaicp": lambda client: client.give("renewals", "POST", "/callJob", {}),
    "voipex": lambda client: client.tell("POST", "/campaigns", {}),
}


def peak() -> int:
    """MiB at most since ``forget``. What ``getrusage`` tells may be that of whoever started us."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def forget() -> int:
    """Begin anew; how many MiB there are now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def main(name: str, report_name: str, url: str, *shapes: str) -> None:
    dialer = DIALERS[name]
    report = next((one for one in dialer.reports if one.name == report_name), None)
    now = datetime.now(UTC)
    asked = (
        Jobs({"renewals": ("1", "2")}) if report and report.layers[0].jobs else Window(now - timedelta(hours=1), now)
    )
    for shape in shapes:
        given = SETTINGS[name].items()
        given = {key: value.format(f"{url}/{shape}") if isinstance(value, str) else value for key, value in given}
        connection = Connection(f"{name}-main", name, settings=given)
        client = dialer.client(connection, Patience()) if name == "qvoice" else dialer.client(connection)
        records, largest, said, before = 0, 0, "taken", forget()
        try:
            if report is None:
                GIVEN[name](client)
                continue
            for page in small(report.walk(client, connection, asked)):
                records += len(page.records)
                largest = max(largest, len(page.records))
        except ExchangeError as error:
            said = f"{error.error_id}: {error}"
        finally:
            print(json.dumps([shape, peak() - before, records, largest, said]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
