"""API keys: made, listed, renewed, revoked. A key is shown once, when it is made; the database knows only its hash."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lib import clock, ids, secrets
from models import ApiKey, SignIn, audit
from models.access import SCOPES

WARNED = timedelta(days=14)  # so long before its end people are told
LONGEST_LIFE = timedelta(days=3660)
MOST_LISTED = 100  # connections, or networks, of one key
_LIFE = re.compile(r"(\d{1,5})([hd])", re.ASCII)


class BadKey(ValueError):
    """A key cannot be made so. ``field`` is at fault, and the message is a sentence."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


class Limits(NamedTuple):
    """Whose a key is, and what bounds it; None: nothing is said, or nothing does."""

    owner: str | None = None
    note: str | None = None
    expires_at: datetime | None = None
    connections: Collection[str] | None = None
    networks: Collection[str] | None = None


class Refusal(NamedTuple):
    """Why a key that is known is not taken now."""

    error_id: str
    sentence: str


def create_key(
    session: Session, name: str, scopes: Iterable[str], limits: Limits | None = None, known: Collection[str] = ()
) -> str:
    """Make a key and return its text, ``wk_...``. ``known``: the connections that there are. Raises BadKey."""
    return made(session, name, scopes, limits, known)[1]


def made(
    session: Session, name: str, scopes: Iterable[str], limits: Limits | None = None, known: Collection[str] = ()
) -> tuple[ApiKey, str]:
    """The same; the key's row, and its text."""
    limits, now = limits or Limits(), clock.now()
    scopes = sorted(set(scopes), key=lambda scope: SCOPES.index(scope) if scope in SCOPES else -1)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise BadKey("scopes", f"A key's scopes are one or more of {', '.join(SCOPES)}.")
    _check_text("name", name)
    if limits.owner is not None:
        _check_text("owner", limits.owner)
    if limits.expires_at is not None and not now < limits.expires_at <= now + LONGEST_LIFE:
        raise BadKey("expires_at", "A key's end lies after now, and within ten years.")
    actor, text = audit.actor(), "wk_" + secrets.make()
    key = ApiKey(
        id=ids.new(),
        name=name,
        secret_hash=secrets.hashed(text),
        scopes=scopes,
        created_at=now,
        owner=limits.owner,
        note=limits.note or None,
        created_by=actor.who if actor else None,
        expires_at=limits.expires_at,
        connections=_connections(limits.connections, known),
        networks=_networks(limits.networks),
    )
    session.add(key)
    session.flush()
    told = {"name": name, "scopes": scopes, "expires_at": clock.iso(key.expires_at)}
    told |= {"connections": key.connections, "networks": key.networks}
    audit.note(session, "key.create", subject=key.id, details=told)
    return key, text


def _check_text(field: str, text: str) -> None:
    if not text.strip() or len(text) > 200:
        raise BadKey(field, f"A key's {field} has 1 to 200 characters.")
    if not text.isprintable():  # it is written to terminals, logs and pages
        raise BadKey(
            field,
            f"A key's {field} holds characters that are not printed: line breaks, escape codes, or marks that hide.",
        )


def _connections(named: Collection[str] | None, known: Collection[str]) -> list[str] | None:
    if named is None:
        return None
    if unknown := [name for name in named if name not in known]:
        raise BadKey("connections", f"There is no connection {unknown[0][:100]!r}.")
    if not 0 < len(named) <= MOST_LISTED:
        raise BadKey("connections", f"A key that is limited to connections names 1 to {MOST_LISTED} of them.")
    return sorted(set(named))


def _networks(named: Collection[str] | None) -> list[str] | None:
    if named is None:
        return None
    if not 0 < len(named) <= MOST_LISTED:
        raise BadKey("networks", f"A key that is limited to networks names 1 to {MOST_LISTED} of them.")
    try:
        return list(dict.fromkeys(str(_network(one.strip())) for one in named))
    except ValueError:
        raise BadKey("networks", "Networks are addresses, or CIDR such as 10.0.0.0/8 and 2001:db8::/32.") from None


def _network(text: str) -> IPv4Network | IPv6Network:
    """Raises ValueError. IPv4 that IPv6 wraps is IPv4, as the addresses are that are compared with it (``lib.proxies``)."""
    found = ip_network(text)
    if found.version == 6 and found.prefixlen >= 96 and (plain := found.network_address.ipv4_mapped) is not None:
        return IPv4Network((plain, found.prefixlen - 96))
    return found


def end_of(text: str) -> datetime:
    """``90d`` and ``12h`` from now, or a time. Raises BadKey."""
    if found := _LIFE.fullmatch(text):
        return clock.now() + timedelta(**{"hours" if found[2] == "h" else "days": int(found[1])})
    if (at := clock.parse(text)) is None:
        raise BadKey("expires_at", f"{text[:64]!r} is no end; 90d, 12h and 2027-01-31 are.")
    return at


def list_keys(session: Session) -> list[ApiKey]:
    """Every key, revoked ones included, in the order of their making."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def revoke_key(session: Session, name: str) -> int:
    """Revoke every valid key of that name or id, and end the sessions begun with it; the number revoked."""
    key_id = ids.parse(name)
    wanted = ApiKey.id == key_id if key_id else ApiKey.name == name
    found = list(session.scalars(select(ApiKey).where(wanted, ApiKey.revoked_at.is_(None))))
    for key in found:
        revoke(session, key)
    return len(found)


def revoke(session: Session, key: ApiKey) -> None:
    """Revoke this one, and end its sessions. One that is revoked stays as it is."""
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        session.execute(delete(SignIn).where(SignIn.key_id == key.id))
        audit.note(session, "key.revoke", subject=key.id, details={"name": key.name})


def as_long_again(key: ApiKey) -> datetime | None:
    """The end of one that lasts from now for as long as this one was to last when it was made; None: it has none."""
    return None if key.expires_at is None else clock.now() + (key.expires_at - key.created_at)


def renewed(session: Session, key: ApiKey, expires_at: datetime | None) -> tuple[ApiKey, str]:
    """Another key in its place, with the same name, owner, scopes and limits, and its text; the old one is revoked. Raises
    BadKey."""
    limits = Limits(key.owner, key.note, expires_at, key.connections, key.networks)
    found = made(session, key.name, key.scopes, limits, key.connections or ())
    revoke(session, key)
    return found


def find_key(session: Session, text: str) -> ApiKey | None:
    """The key with that text, unless it was revoked. Looked up by its hash, so no comparison's time tells anything about a key.
    Whether it is taken now: ``refusal``."""
    found = select(ApiKey).where(ApiKey.secret_hash == secrets.hashed(text), ApiKey.revoked_at.is_(None))
    return session.scalars(found).one_or_none()


def refusal(key: ApiKey, address: str, now: datetime) -> Refusal | None:
    """Why the key is not taken from this address at this moment; None: it is."""
    if key.expires_at is not None and key.expires_at <= now:
        return Refusal(
            "key_expired", f"This API key has expired at {clock.iso(key.expires_at)}; an admin makes another."
        )
    if key.networks is not None and not _within(address, key.networks):
        return Refusal("address_refused", "This API key may not be used from your address.")
    return None


def _within(address: str, networks: Iterable[str]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:  # a socket of this machine's file system has no address
        return False
    return any(found in ip_network(one) for one in networks)


def state(key: ApiKey, now: datetime) -> str:
    """``valid``, ``revoked``, ``expired``, or ``expires soon``: within ``WARNED``."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None or key.expires_at > now + WARNED:
        return "valid"
    return "expires soon" if key.expires_at > now else "expired"


def shown(key: ApiKey, now: datetime) -> dict[str, Any]:
    """As the API shows it."""
    return {
        "id": str(key.id),
        "name": key.name,
        "owner": key.owner,
        "note": key.note,
        "scopes": key.scopes,
        "state": state(key, now).replace(" ", "_"),
        "signed_in_by": "provider" if key.subject else "key",
        "connections": key.connections,
        "networks": key.networks,
        "created_at": clock.iso(key.created_at),
        "created_by": key.created_by,
        "expires_at": clock.iso(key.expires_at),
        "revoked_at": clock.iso(key.revoked_at),
        "last_used_at": clock.iso(key.last_used_at),
        "last_used_from": key.last_used_from,
    }
