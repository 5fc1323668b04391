"""The connections of the settings file: a table each, and what the tenant says of its dialer's words. As strict as ``config``."""

import base64
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate
from phonenumbers import SUPPORTED_REGIONS

from dialers.base import Connection, Dialer
from dialers.connection import plain_disposition
from dialers.registry import DIALERS
from dialers.vocabulary import FLAGS, WORD_MEANINGS
from lib import secrets
from lib.whole_numbers import Whole
from service.settings.keyring import kept
from service.settings.mistakes import BadSettings, sentence

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AUTHORIZATION = re.compile(r"(Basic|Bearer) [!-~]+(?: [!-~]+)*\Z")
_TOKEN = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~-]+\Z")  # "." and "..": clients take them for steps in the path
_COUNTRY = "Must be two capital letters of a country that has telephone numbers, such as IN."
TEN_YEARS = 10 * 365 * 86_400  # in seconds; with longer windows, times leave the calendar


class ConnectionSchema(Schema):
    """What every connection may say; the rest belongs to its dialer."""

    class Meta:
        unknown = EXCLUDE

    dialer = fields.Str(required=True, validate=validate.OneOf(DIALERS))
    callback_tokens = fields.List(
        fields.Str(validate=validate.Regexp(_TOKEN, error="may hold letters, digits and . _ ~ - only, not just dots.")),
        load_default=list,
    )
    callback_authorization = fields.List(
        fields.Str(validate=validate.Regexp(_AUTHORIZATION, error="must be Basic USER:PASSWORD or Bearer TOKEN.")),
        load_default=list,
    )
    default_country = fields.Str(load_default=None, validate=validate.OneOf(SUPPORTED_REGIONS, error=_COUNTRY))
    disposition_window = Whole(load_default=86_400, validate=validate.Range(1, TEN_YEARS))
    expect_every = Whole(load_default=None, validate=validate.Range(1, TEN_YEARS))
    states_dispositions = fields.Bool(load_default=None, truthy={True}, falsy={False})


_DISPOSITIONS = fields.Dict(
    keys=fields.Str(), values=fields.List(fields.Str(validate=validate.OneOf(FLAGS))), required=True
)
_WORDS = fields.Dict(
    keys=fields.Str(validate=validate.Regexp(r"[\s\S]*[^\s+_-]", error="A word must have a letter or a digit.")),
    values=fields.Str(validate=validate.OneOf(WORD_MEANINGS)),
    required=True,
)
_TABLES = ("connections", "dispositions", "words")
_OTHERS = (
    "reports",
    "destinations",
    "writeback",
    "mail",
    "schedules",
    "retention",
    "buckets",
    "alerts",
    "sign_in",
)  # tables that are about no connection


def connections_of(file: dict[str, Any], data_dir: Path, given_key: str = "") -> dict[str, Connection]:
    """``given_key``: the WRAPUP_SECRET_KEY of the environment. Raises BadSettings."""
    unknown = set(file) - {*_TABLES, *_OTHERS}
    if unknown:
        raise BadSettings(f"The settings file has a table that nothing reads: [{sorted(unknown)[0]}].")
    for name in _TABLES:
        tables = file.get(name, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise BadSettings(f"[{name}] must hold a table for each connection, such as [{name}.ryng-main].")
    tables = file.get("connections") or {
        "ryng": {"dialer": "ryng", "callback_tokens": [_made_token(data_dir, given_key)]}
    }
    meanings = {kind: file.get(kind, {}) for kind in _TABLES[1:]}
    for kind, own in meanings.items():
        for name in own:
            if name not in tables:
                raise BadSettings(f"[{kind}.{name}] belongs to no connection.")
    return {
        name: _connection(name, table, **{kind: own.get(name, {}) for kind, own in meanings.items()})
        for name, table in tables.items()
    }


def _made_token(data_dir: Path, given_key: str) -> str:
    """Of the connection that there is before anybody has written a file. Hosts that share a database share the key, and no
    folder: the URL of one of them opens all."""
    name = "ryng_callback_token"
    return kept(data_dir, name, secrets.derived(name, given_key) if given_key else "")


def _connection(name: str, table: dict[str, Any], dispositions: dict[str, Any], words: dict[str, Any]) -> Connection:
    if not NAME.fullmatch(name):
        raise BadSettings(f"[connections.{name}]: a name may hold letters, digits, - and _ only, 64 at most.")
    dialer: Dialer | None = None
    try:
        common = ConnectionSchema().load(table)
        dialer = DIALERS[common["dialer"]]
        own = dialer.settings(unknown=RAISE).load(
            {key: value for key, value in table.items() if key not in ConnectionSchema._declared_fields}
        )
    except ValidationError as error:
        keys = {*ConnectionSchema._declared_fields, *(dialer.settings._declared_fields if dialer else ())}
        raise BadSettings(f"[connections.{name}] {sentence(error.messages, keys)}") from None
    try:
        flags = _DISPOSITIONS.deserialize(dispositions)
    except ValidationError as error:
        raise BadSettings(f"[dispositions.{name}] {sentence(error.messages)}") from None
    _agree(name, flags)
    outcomes = _words(name, words)
    if dialer.callback_kinds and not common["callback_tokens"]:
        raise BadSettings(f"[connections.{name}] needs callback_tokens: without one nobody can post to it.")
    return Connection(
        name=name,
        dialer=dialer.name,
        settings=own,
        callback_tokens=tuple(common["callback_tokens"]),
        callback_authorization=tuple(map(_as_sent, common["callback_authorization"])),
        default_country=common["default_country"] or dialer.default_country,
        dispositions={word: tuple(given) for word, given in flags.items()},
        disposition_window=timedelta(seconds=common["disposition_window"]),
        words=outcomes,
        states_dispositions=common["states_dispositions"],
        expect_every=timedelta(seconds=common["expect_every"]) if common["expect_every"] else None,
    )


def _as_sent(authorization: str) -> str:
    """As it stands in the header: Basic has its name and password in base64, which holds no colon."""
    scheme, _, rest = authorization.partition(" ")
    if scheme == "Basic" and ":" in rest:
        rest = base64.b64encode(rest.encode()).decode()
    return f"{scheme} {rest}"


def _agree(name: str, table: dict[str, list[str]]) -> None:
    """Raises BadSettings where two ways of writing one disposition raise other flags."""
    said: dict[str, list[str]] = {}
    for word, flags in table.items():
        other = said.setdefault(plain_disposition(word), flags)
        if set(other) != set(flags):
            raises = ", ".join(sorted(set(other))) or "no flag"
            raise BadSettings(f"[dispositions.{name}] {word}: It is one disposition with another that raises {raises}.")


def _words(name: str, table: dict[str, Any]) -> dict[str, str]:
    """What the tenant says of the dialer's words. Two ways of writing one word must not mean two things."""
    try:
        words = _WORDS.deserialize(table)
    except ValidationError as error:
        raise BadSettings(f"[words.{name}] {sentence(error.messages)}") from None
    for word, outcome in words.items():
        other = Connection(name, "", words=words).says(word)
        if other != outcome:
            raise BadSettings(f"[words.{name}] {word}: It is one word with another that means {other}.")
    return words
