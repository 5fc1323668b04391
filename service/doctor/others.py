"""Whom Wrapup asks and tells: is there somebody, and what is the time there? Nothing is sent but a request for the front page,
without credentials; ``wrapup check`` and ``wrapup crm check`` try whether these hold."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import requests

from lib.mail import Mail
from service.doctor.database import clocks
from service.doctor.line import FAIL, OK, Check, Line
from service.settings.config import Settings
from upkeep.alerts.settings import MAIL

PATIENCE = (3.0, 5.0)  # to connect, to answer
REACH = "Is it up, and may this machine reach it?"
PROXY = "The environment names a proxy for what leaves; Wrapup asks none, and goes straight: let it."


def others(settings: Settings) -> Iterator[tuple[str, Check]]:
    """A check for each host that the settings name: dialers, CRMs, whoever takes mails, files and alerts, or lets people in."""
    for name, connection in sorted(settings.connections.items()):
        yield from _checks(f"dialer {name}", connection.settings, f"`wrapup check {name}` tries its credentials.")
    for name, destination in sorted(settings.destinations.items()):
        yield from _checks(
            f"destination {name}", destination.settings, f"`wrapup crm check {name}` tries its credentials."
        )
    if settings.schedules.mail is not None:
        yield "mail", partial(_mail, settings.schedules.mail, MAIL in settings.alerts.channels)
    for name, bucket in sorted(settings.schedules.buckets.items()):
        yield from _checks(f"bucket {name}", asdict(bucket), "`wrapup schedules send` tries one that goes there.")
    alerts = settings.alerts
    told = {"webhook": alerts.webhook, "heartbeat": alerts.heartbeat, "ca_file": alerts.ca_file}
    webhook = "`wrapup alerts test` tells the webhook that this is a test."
    yield from _checks(
        "alerts", told, webhook if alerts.webhook else "The heartbeat is called each minute while all is well."
    )
    if settings.sign_in.oidc is not None:
        client = settings.sign_in.oidc.client
        provider = {"issuer": client.issuer, "ca_file": client.ca_file}
        yield from _checks("sign-in provider", provider, "Signing in tries its credentials.")


def _mail(server: Mail, alerts: bool) -> Iterator[Line]:
    try:
        socket.create_connection((server.host, server.port), PATIENCE[0]).close()
    except OSError as error:
        kind = "had no answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
        yield Line("mail", FAIL, f"{server.host}:{server.port} {kind}.", REACH)
    else:
        tries = (
            "`wrapup alerts test` tries" if alerts else "`wrapup schedules send`, of a schedule that is mailed, tries"
        )
        yield Line("mail", OK, f"{server.host}:{server.port} answers. {tries} whether it takes mails.")


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
                # Whatever it answers, it is there.
                answer = session.get(url, timeout=PATIENCE, allow_redirects=False, stream=True, verify=ca_file or True)
                answer.close()
        except requests.exceptions.SSLError:
            yield Line(what, FAIL, f"{host} shows a certificate that is not trusted.", "Check the address and ca_file.")
            return
        except requests.RequestException as error:
            kind = "had no answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
            yield Line(what, FAIL, f"{host} {kind}.", f"{REACH} {PROXY}" if _is_proxied() else REACH)
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


def _is_proxied() -> bool:
    return not getproxies_environment().keys().isdisjoint({"http", "https", "all"})
