"""Whom Wrapup asks and tells: is there somebody, and what is the time there? Nothing is sent but a request for the front page,
without credentials; ``wrapup check`` and ``wrapup crm check`` try whether these hold."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from service.doctor.database import clocks
from service.doctor.line import FAIL, OK, Check, Line
from service.settings.config import Settings

PATIENCE = (3.0, 5.0)  # to connect, to answer


def others(settings: Settings) -> Iterator[tuple[str, Check]]:
    """A check for each host of each dialer and CRM that the settings name."""
    for name, connection in sorted(settings.connections.items()):
        yield from _checks(f"dialer {name}", connection.settings, f"`wrapup check {name}` tries its credentials.")
    for name, destination in sorted(settings.destinations.items()):
        yield from _checks(
            f"destination {name}", destination.settings, f"`wrapup crm check {name}` tries its credentials."
        )


def _checks(what: str, settings: Mapping[str, Any], todo: str) -> Iterator[tuple[str, Check]]:
    hosts: dict[str, str] = {}
    for value in settings.values():
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            parts = urlsplit(value)
            host = parts.netloc.rpartition("@")[2]
            hosts.setdefault(host, f"{parts.scheme}://{host}/")
    ca_file = settings.get("ca_file")
    for host, url in hosts.items():
        yield what, _check(what, host, url, ca_file if isinstance(ca_file, str) else None, todo)


def _check(what: str, host: str, url: str, ca_file: str | None, todo: str) -> Check:
    def check() -> Iterator[Line]:
        before = datetime.now(UTC)
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(
                    url, timeout=PATIENCE, allow_redirects=False, stream=True, verify=ca_file or True
                )  # whatever it answers, it is there
                answer.close()
        except requests.exceptions.SSLError:
            yield Line(what, FAIL, f"{host} shows a certificate that is not trusted.", "Check the address and ca_file.")
            return
        except requests.RequestException as error:
            kind = "had no answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
            yield Line(what, FAIL, f"{host} {kind}.", "Is it up, and may this machine reach it?")
            return
        yield Line(what, OK, f"{host} answers. {todo}")
        try:
            there = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError, TypeError):
            return
        line = clocks(f"that of {host}", there.astimezone(UTC), before.replace(microsecond=0), datetime.now(UTC))
        if line.state != OK:
            yield line

    return check
