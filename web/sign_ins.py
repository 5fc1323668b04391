"""Who is signed in to the pages: sessions that can be ended wherever their cookies are.

A cookie alone would be good for as long as its signature, whoever has copied it. So it holds a secret of which the database
knows the hash, and signing out deletes the row: no process and no machine takes the cookie any more. It ends that one session;
other browsers that are signed in with the same key, which may be other people, stay so until somebody ends all of them.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from lib import clock, secrets
from models import ApiKey, SignIn, audit

LASTS = timedelta(hours=12)  # from signing in, whatever is done meanwhile
MOST = 100  # of one key; the oldest make room
MOST_LISTED = 1_000


class Where(NamedTuple):
    """From which address a session began, and in what, as it names itself."""

    address: str
    browser: str


NOWHERE = Where("", "")

TABLE = SignIn.__table__


def begin(
    session: Session,
    key: ApiKey,
    now: datetime,
    before: str | None = None,
    where: Where = NOWHERE,
    until: datetime | None = None,
) -> str:
    """Begin a session; the secret that its cookie holds. ``before``: that of the session which it takes the place of. ``until``:
    it ends then, if that is sooner."""
    secret = secrets.make()
    if before is not None:
        session.execute(delete(TABLE).where(TABLE.c.secret_hash == secrets.hashed(before)))
    # Who signs in with the same key at the same time waits here: each would count without the other.
    session.execute(select(ApiKey.id).where(ApiKey.id == key.id).with_for_update())
    mine = TABLE.c.key_id == key.id
    latest = select(TABLE.c.secret_hash).where(mine).order_by(TABLE.c.began_at.desc(), TABLE.c.secret_hash)
    session.execute(
        delete(TABLE).where(mine, or_(TABLE.c.ends_at <= now, TABLE.c.secret_hash.not_in(latest.limit(MOST - 1))))
    )
    ends = [now + LASTS, *(at for at in (key.expires_at, until) if at is not None)]
    begun = SignIn(
        secret_hash=secrets.hashed(secret),
        key_id=key.id,
        began_at=now,
        ends_at=min(ends),
        last_seen_at=now,
        address=where.address[:64],
        browser=where.browser[:200],
    )
    session.add(begun)
    audit.note(session, "session.begin", subject=begun.id, details={"browser": where.browser[:200]})
    return secret


def key_of(session: Session, secret: str, now: datetime) -> ApiKey | None:
    """The key that the session was begun with; None where it has ended, or the key was revoked."""
    held = (TABLE.c.secret_hash == secrets.hashed(secret), TABLE.c.ends_at > now, ApiKey.revoked_at.is_(None))
    return session.scalars(select(ApiKey).join(SignIn, SignIn.key_id == ApiKey.id).where(*held)).one_or_none()


def end(session: Session, secret: str) -> None:
    """End this session."""
    _end(session, TABLE.c.secret_hash == secrets.hashed(secret))


def end_all(session: Session, secret: str) -> None:
    """End every session of the key that this one was begun with."""
    mine = select(TABLE.c.key_id).where(TABLE.c.secret_hash == secrets.hashed(secret)).scalar_subquery()
    _end(session, TABLE.c.key_id == mine)


def end_one(session: Session, session_id: UUID, key_id: UUID | None = None) -> bool:
    """End the session of that id, if it is this key's; None: whosever it is. Whether there was one."""
    own = [func.substr(TABLE.c.secret_hash, 1, 32) == session_id.hex]  # as ``SignIn.id`` has it
    return _end(session, *own, *([TABLE.c.key_id == key_id] if key_id else ())) > 0


def end_every(session: Session, key_id: UUID | None = None) -> int:
    """End all sessions of this key, or everybody's; how many."""
    return _end(session, *([TABLE.c.key_id == key_id] if key_id else ()))


def _end(session: Session, *which: ColumnElement[bool]) -> int:
    found = list(session.scalars(select(SignIn).where(*which)))
    for one in found:
        session.delete(one)
    session.flush()
    subject = found[0].id if len(found) == 1 else None
    if found:
        audit.note(session, "session.end", subject=subject, count=len(found))
    return len(found)


def listed(session: Session, now: datetime, key_id: UUID | None = None) -> list[tuple[SignIn, ApiKey]]:
    """The sessions that hold, of this key or of all, the latest first."""
    found = select(SignIn, ApiKey).join(ApiKey, ApiKey.id == SignIn.key_id)
    found = found.where(TABLE.c.ends_at > now, ApiKey.revoked_at.is_(None))
    if key_id is not None:
        found = found.where(TABLE.c.key_id == key_id)
    rows = session.execute(found.order_by(TABLE.c.began_at.desc(), TABLE.c.secret_hash).limit(MOST_LISTED))
    return [(one, key) for one, key in rows]


def shown(one: SignIn, key: ApiKey, own: str | None = None) -> dict[str, Any]:
    """As the API shows it. ``own``: the secret of whoever looks."""
    return {
        "id": str(one.id),
        "key_id": str(key.id),
        "key_name": key.name,
        "began_at": clock.iso(one.began_at),
        "ends_at": clock.iso(one.ends_at),
        "last_seen_at": clock.iso(one.last_seen_at),
        "address": one.address,
        "browser": one.browser,
        "own": own is not None and one.secret_hash == secrets.hashed(own),
    }
