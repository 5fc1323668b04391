"""What schedules may use: ``[mail]``, ``[schedules]``, ``[buckets.<name>]`` of the settings file. As strict as ``config``."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, fields, validate

from lib.http.authorities import is_certificate_file
from lib.mail import ENCRYPTIONS, PLAIN, STARTTLS, Mail
from schedules.managing import ADDRESS
from schedules.settings import Bucket, Settings
from service.settings import guards, tables
from service.settings.connections import NAME
from service.settings.mistakes import BadSettings

_KEY = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = validate.Regexp(ADDRESS.pattern + r"\Z", error="Not an address, such as wrapup@example.com.")
_PLAIN_TEXT = validate.Regexp(r"[!-~]{1,500}\Z", error="Letters, digits and signs only, without blanks.")


class MailSchema(Schema):
    """The server that takes our mail."""

    class Meta:
        unknown = RAISE

    host = fields.Str(required=True, validate=validate.Regexp(r"[A-Za-z0-9.:-]{1,253}\Z", error="Not a host."))
    port = fields.Int(strict=True, load_default=587, validate=validate.Range(1, 65_535))
    tls = fields.Str(load_default=STARTTLS, validate=validate.OneOf(ENCRYPTIONS))
    user = fields.Str(load_default=None, validate=validate.Length(1, 500))
    password = fields.Str(load_default=None, validate=validate.Length(1, 500))
    sender = fields.Str(required=True, data_key="from", validate=_ADDRESS)
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)
    seconds = fields.Float(load_default=30.0, data_key="timeout_seconds", validate=validate.Range(1, 600))


class BucketSchema(Schema):
    """An S3-compatible store, and a bucket there."""

    class Meta:
        unknown = RAISE

    endpoint = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)
    bucket = fields.Str(required=True, validate=validate.Regexp(_KEY.pattern + r"\Z", error="Not a bucket's name."))
    access_key = fields.Str(required=True, validate=_PLAIN_TEXT)
    secret_key = fields.Str(required=True, validate=_PLAIN_TEXT)
    region = fields.Str(load_default="us-east-1", validate=_PLAIN_TEXT)
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)
    seconds = fields.Float(load_default=30.0, data_key="timeout_seconds", validate=validate.Range(1, 600))


class SchedulesSchema(Schema):
    """What holds for all schedules."""

    class Meta:
        unknown = RAISE

    folder = fields.Str(load_default=None, validate=validate.Length(1, 1000))
    tell = fields.Str(load_default=None, validate=_ADDRESS)
    most_rows = fields.Int(strict=True, load_default=50_000, validate=validate.Range(0, 1_000_000))
    most_bytes = fields.Int(strict=True, load_default=10 * 1024 * 1024, validate=validate.Range(0, 10**9))


def schedules_of(file: dict[str, Any], public_url: str) -> Settings:
    """Raises BadSettings."""
    common = tables.read("[schedules]", SchedulesSchema(), file.get("schedules", {}))
    folder = common.pop("folder")
    if folder is not None and not Path(folder).is_absolute():
        raise BadSettings("[schedules] folder: Must be a path from the root, such as /srv/wrapup.")
    buckets = file.get("buckets", {})
    if not isinstance(buckets, dict):
        raise BadSettings("[buckets] must hold a table for each bucket, such as [buckets.lake].")
    return Settings(
        mail=_mail(file["mail"]) if "mail" in file else None,
        folder=Path(folder) if folder else None,
        buckets={name: _bucket(name, table) for name, table in buckets.items()},
        public_url=public_url,
        **common,
    )


def _mail(table: Any) -> Mail:
    given = tables.read("[mail]", MailSchema(), table)
    if given["password"] is not None and given["tls"] == PLAIN and not guards.is_here(given["host"]):
        raise BadSettings(
            '[mail] tls: With "none" the password could be read on the way; only this machine may have it so.'
        )
    if (given["user"] is None) != (given["password"] is None):
        raise BadSettings("[mail] user: A user needs a password, and a password a user.")
    return Mail(**given)


def _bucket(name: str, table: Any) -> Bucket:
    where = f"[buckets.{name}]"
    if not NAME.fullmatch(name):
        raise BadSettings(f"{where}: a name may hold letters, digits, - and _ only, 64 at most.")
    given = tables.read(where, BucketSchema(), table)
    if urlsplit(given["endpoint"]).query or "@" in given["endpoint"]:
        raise BadSettings(f"{where} endpoint: The store's address alone, without a name, a password or a query.")
    return Bucket(**given)
