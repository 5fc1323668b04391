"""Settings: environment variables, and one file for what is structured. Strict and loud: a bad one stops the start.

Nothing reads the environment after ``load``. What each setting means for users stands in docs/settings.md.
"""

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crm.destination import Destination
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import secrets
from lib.proxies import Proxies
from lib.stand_ins import StandIns
from models.database import Database
from queries.reports.base import Limits
from queries.sources import ALWAYS, AUTO, NEVER
from schedules.settings import Settings as OfSchedules
from service.settings import databases, guards
from service.settings.alerts import alerts_of
from service.settings.connections import connections_of
from service.settings.destinations import destinations_of
from service.settings.environment import Environment
from service.settings.keyring import kept
from service.settings.limits import limits_of
from service.settings.mistakes import BadSettings
from service.settings.retention import retention_of
from service.settings.schedules import schedules_of
from service.settings.sign_in import sign_in_of
from service.settings.writeback import writeback_of
from upkeep.alerts.settings import Alerts
from upkeep.retention.ages import Ages
from web.sign_in_settings import Settings as OfSignIn

_BIND = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s]+):([0-9]{1,5})")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured, checked."""

    database_url: str
    data_dir: Path
    bind: str
    public_url: str
    workers: int
    secret_key: str
    log_level: str
    stranger_receipts: int  # how many receipts strangers may put into quarantine
    stranger_bytes: int  # and how many bytes
    memory_bytes: int  # how much of what no store takes a process holds in memory
    connections: Mapping[str, Connection]
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    limits: Limits = Limits()  # of reports
    schedules: OfSchedules = OfSchedules()  # what they may use
    alerts: Alerts = Alerts()  # whom they are told
    retention: Ages = Ages()  # for how long each kind is kept
    sign_in: OfSignIn = OfSignIn()  # how people come in
    proxies: Proxies = field(default_factory=Proxies)  # whose word counts about who is asking
    mirror: str = AUTO  # whether there is a mirror of the outcomes
    mirror_rows: int = 200_000  # with ``auto``: from how many changes on
    upload_bytes: int = 256 * 1024 * 1024  # how much of what is sent to the reader a receiver holds
    reader_url: str = ""  # of a copy of the database, which may be a little behind
    reader_seconds: int = 10  # of how many seconds behind it is still asked
    erasure_key: str = ""  # by which erased persons are recognised; empty: by the secret key
    file_hash: str = ""  # SHA-256 of the settings file as it was read; empty where there is none
    file: Path | None = None  # where it lies; None where there is none
    outside: bool = True  # whether anything leaves this Wrapup: polls, loads, deliveries, schedules
    unread: tuple[str, ...] = ()  # sentences about variables that are called as ours are, and are none

    def database(self, pool_size: int = 8) -> Database:
        """The database, which recognises whoever was erased."""
        return Database(self.database_url, pool_size, StandIns(self.erasure_key or self.secret_key))

    def mirror_folder(self) -> Path:
        """Where this host has its mirror."""
        return self.data_dir / "mirror"

    def callback_urls(self) -> list[tuple[str, str, str]]:
        """(connection, kind, URL) for every callback that a dialer can be given, with the connection's first token."""
        return [
            (name, kind, f"{self.public_url}/callbacks/{name}/{connection.callback_tokens[0]}/{kind}")
            for name, connection in self.connections.items()
            for kind in DIALERS[connection.dialer].callback_kinds
        ]

    def warnings(self) -> list[str]:
        """What was taken, and should not stay so: sentences."""
        said = [*self.unread, *guards.unencrypted("The setting", {"WRAPUP_PUBLIC_URL": self.public_url})]
        for name, connection in self.connections.items():
            said += guards.unencrypted(f"[connections.{name}]", connection.settings)
        for name, destination in self.destinations.items():
            said += guards.unencrypted(f"[destinations.{name}]", destination.settings)
        said += guards.unencrypted("[alerts]", {"webhook": self.alerts.webhook, "heartbeat": self.alerts.heartbeat})
        for name, bucket in self.schedules.buckets.items():
            said += guards.unencrypted(f"[buckets.{name}]", {"endpoint": bucket.endpoint})
        return said

    def token_fingerprints(self) -> dict[str, list[str]]:
        """Connection -> the fingerprints of its callback tokens, by which an outdated one is known again."""
        return {
            one.name: [secrets.fingerprint(token, self.secret_key) for token in one.callback_tokens]
            for one in self.connections.values()
        }

    def callbacks_of(self) -> dict[str, dict[str, str]]:
        """The same by connection and kind."""
        found: dict[str, dict[str, str]] = {}
        for name, kind, url in self.callback_urls():
            found.setdefault(name, {})[kind] = url
        return found


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and the file it names. Raises BadSettings."""
    environ = os.environ if environ is None else environ
    env = Environment(environ)
    where = _places(env)
    data_dir, database_url = where.data_dir, where.database_url
    bind = env.text("WRAPUP_BIND", "127.0.0.1:8080")
    _check_bind(bind)
    reader_url = env.text("WRAPUP_READER_URL", "")
    if reader_url:
        databases.check_reader(reader_url, database_url)
    short_tokens = env.choice("WRAPUP_ALLOW_SHORT_TOKENS", "no", ("no", "yes")) == "yes"
    given_key = env.text("WRAPUP_SECRET_KEY", "")
    if given_key:
        guards.check_own("WRAPUP_SECRET_KEY", given_key, short_tokens)
    erasure_key = env.text("WRAPUP_ERASURE_KEY", "")
    if erasure_key:
        guards.check_own("WRAPUP_ERASURE_KEY", erasure_key, short_tokens)
    file, file_hash = _file(env)
    connections = connections_of(file, data_dir, given_key)
    for one in connections.values():
        guards.check_connection(one, short_tokens)
    public_url = _public_url(env.text("WRAPUP_PUBLIC_URL", ""), bind)
    schedules = schedules_of(file, public_url)
    found = Settings(
        database_url=database_url,
        data_dir=data_dir,
        bind=bind,
        public_url=public_url,
        workers=env.number("WRAPUP_WORKERS", 2, 1, 64),
        secret_key=given_key or kept(data_dir, "secret_key"),
        log_level=env.choice("WRAPUP_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        stranger_receipts=env.number("WRAPUP_STRANGER_RECEIPTS", 10_000, 0, 10**9),
        stranger_bytes=env.number("WRAPUP_STRANGER_BYTES", 256 * 1024 * 1024, 0, 10**13),
        memory_bytes=env.number("WRAPUP_MEMORY_BYTES", 64 * 1024 * 1024, 0, 10**12),
        connections=connections,
        destinations=_together(destinations_of(file, connections), writeback_of(file, connections)),
        limits=limits_of(file),
        schedules=schedules,
        alerts=alerts_of(file, schedules.mail, public_url),
        retention=retention_of(file, connections),
        sign_in=sign_in_of(file),
        mirror=env.choice("WRAPUP_MIRROR", AUTO, (AUTO, ALWAYS, NEVER)),
        mirror_rows=env.number("WRAPUP_MIRROR_ROWS", 200_000, 0, 10**12),
        proxies=_proxies(env.text("WRAPUP_TRUSTED_PROXIES", "127.0.0.1, ::1")),
        upload_bytes=env.number("WRAPUP_UPLOAD_BYTES", 256 * 1024 * 1024, 128 * 1024 * 1024, 10**13),
        reader_url=reader_url,
        reader_seconds=env.number("WRAPUP_READER_SECONDS", 10, 1, 3600),
        erasure_key=erasure_key,
        file_hash=file_hash,
        outside=env.choice("WRAPUP_OUTSIDE", "on", ("on", "off")) == "on",
        file=(where.file or Path("wrapup.toml").absolute()) if file_hash else None,
    )
    return replace(found, unread=tuple(env.unread()))


@dataclass(frozen=True)
class Places:
    """Where everything lies. ``file``: the settings file, where the environment names one."""

    data_dir: Path
    database_url: str
    file: Path | None


def places(environ: Mapping[str, str] | None = None) -> Places:
    """For who puts something there: ``load`` makes secrets where there are none. Raises BadSettings."""
    return _places(Environment(os.environ if environ is None else environ))


def _places(env: Environment) -> Places:
    data_dir = Path(env.text("WRAPUP_DATA_DIR", "instance")).absolute()
    database_url = env.text("WRAPUP_DATABASE_URL", f"sqlite:///{data_dir / 'wrapup.db'}")
    if "?" in str(data_dir) and str(data_dir) in database_url:  # it would lie beside the folder, under half a name
        raise BadSettings(
            f"WRAPUP_DATA_DIR is {str(data_dir)!r}: where a ? stands the URL of a database in it ends. Take another folder."
        )
    databases.check(database_url)
    named = env.text("WRAPUP_CONFIG", "")
    return Places(data_dir, database_url, Path(named).absolute() if named else None)


def _together(given: Mapping[str, Destination], written_back: Mapping[str, Destination]) -> Mapping[str, Destination]:
    """Raises BadSettings where a destination has the name of one that writes statuses back."""
    if both := sorted(given.keys() & written_back.keys()):
        raise BadSettings(f"[destinations.{both[0]}]: this name is taken by [writeback]; choose another one.")
    return {**given, **written_back}


def _check_bind(bind: str) -> None:
    match = _BIND.fullmatch(bind)
    if match is None:
        raise BadSettings(f"WRAPUP_BIND must be HOST:PORT, not {bind!r}.")
    if not 1 <= int(match[2]) <= 65_535:
        raise BadSettings(f"WRAPUP_BIND must have a port from 1 to 65535, not {match[2]}.")


def _public_url(text: str, bind: str) -> str:
    url = text.rstrip("/") or f"http://{bind}"
    shown = repr(text.rpartition("@")[2])  # before the @ may stand a password
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that is no number or too large
        raise BadSettings(f"WRAPUP_PUBLIC_URL has no usable host and port: {shown}.") from None
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise BadSettings(f"WRAPUP_PUBLIC_URL is what stands before /callbacks: it has no ? and no #, unlike {shown}.")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadSettings(f"WRAPUP_PUBLIC_URL must begin with http:// or https://, not {shown}.")
    if not usable:
        raise BadSettings(f"WRAPUP_PUBLIC_URL has no usable host and port: {shown}.")
    if any(sign.isspace() for sign in url):  # it would end there wherever a printed callback URL is pasted
        raise BadSettings(f"WRAPUP_PUBLIC_URL holds a blank: {shown}.")
    return url


def _proxies(text: str) -> Proxies:
    try:
        return Proxies([] if text == "none" else text.replace(",", " ").split())
    except ValueError as error:
        raise BadSettings(
            f"WRAPUP_TRUSTED_PROXIES must be addresses and networks such as 10.0.0.5, 10.1.0.0/16, or none: {error}."
        ) from None


def _file(env: Environment) -> tuple[dict[str, Any], str]:
    """What the settings file holds, and its ``Settings.file_hash``."""
    named = env.text("WRAPUP_CONFIG", "")
    path = Path(named or "wrapup.toml")
    if not named and not path.exists():
        return {}, ""
    try:
        text = path.read_text(encoding="utf-8")
        return _filled(tomllib.loads(text), env, path.name), hashlib.sha256(text.encode()).hexdigest()
    except OSError as error:
        raise BadSettings(f"WRAPUP_CONFIG names {str(path)!r}, which cannot be read: {error.strerror}.") from None
    except ValueError as error:  # TOML's own, text that is no UTF-8, and numbers of thousands of digits
        raise BadSettings(f"{path.name} is not TOML: {error}.") from None


def _filled(value: object, env: Environment, where: str) -> Any:
    """The value with every ``${NAME}`` replaced from the environment."""
    if isinstance(value, dict):
        return {key: _filled(item, env, f"{where}: {key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, env, where) for item in value]
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        found = env.raw(match[1])
        if not found:
            raise BadSettings(f"{where} needs the environment variable {match[1]}, which is not set.")
        return found

    return _VARIABLE.sub(variable, value)
