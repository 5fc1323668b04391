"""What tables of several kinds say alike: tokens, apps, secrets that sign."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate

from crm.granting import KEYS
from lib import zones
from lib.http import signing

TOKEN = validate.Regexp(r"[!-~]+\Z", error="Must be an access token: letters, digits and dashes.")


def is_signing_secret(value: str) -> None:
    """Of Standard Webhooks. Raises ValidationError."""
    try:
        signing.key(value)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def is_zone(name: str) -> None:
    """Raises ValidationError."""
    if zones.named(name) is None:
        raise ValidationError("Must be the name of a time zone, such as UTC or Europe/Tallinn.")


def check_credentials(given: Mapping[str, Any], token: str) -> None:
    """Whether a table has its ``token``, or all that an app has in its place. Raises ValidationError."""
    of_app = [name for name in KEYS if given[name] is not None]
    missing = [name for name in KEYS if given[name] is None]
    if given[token] is not None and of_app:
        raise ValidationError(f"Of an app it is not needed: leave it out, or {', '.join(of_app)}.", token)
    if given[token] is None and missing:
        at = missing[0] if of_app else token
        raise ValidationError("Needed; or, of an app, client_id, client_secret and refresh_token.", at)
