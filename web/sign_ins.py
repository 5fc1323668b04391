"""Who is signed in to the pages: sessions that can be ended wherever their cookies are.

A cookie alone would be good for as long as its signature, whoever has copied it. So it holds a secret of which the database
knows the hash, and signing out deletes the row: no process and no machine takes the cookie any more. It ends that one session;
other browsers that are signed in with the same key, which may be other people, stay so until somebody ends all of them.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from lib import secrets
from models import ApiKey, SignIn

LASTS = timedelta(hours=12)  # from signing in, whatever is done meanwhile
MOST = 100  # of one key; the oldest make room

TABLE = SignIn.__table__


def begin(session: Session, key: ApiKey, now: datetime, before: str | None = None) -> str:
    """Begin a session; the secret that its cookie holds. ``before``: that of the session which it takes the place of."""
    secret = secrets.make()
    if before is not None:
        end(session, before)
    # Who signs in with the same key at the same time waits here: each would count without the other.
    session.execute(select(ApiKey.id).where(ApiKey.id == key.id).with_for_update())
    mine = TABLE.c.key_id == key.id
    latest = select(TABLE.c.secret_hash).where(mine).order_by(TABLE.c.began_at.desc(), TABLE.c.secret_hash)
    session.execute(
        delete(TABLE).where(mine, or_(TABLE.c.ends_at <= now, TABLE.c.secret_hash.not_in(latest.limit(MOST - 1))))
    )
    session.add(SignIn(secret_hash=secrets.hashed(secret), key_id=key.id, began_at=now, ends_at=now + LASTS))
    return secret


def key_of(session: Session, secret: str, now: datetime) -> ApiKey | None:
    """The key that the session was begun with; None where it has ended, or the key was revoked."""
    held = (TABLE.c.secret_hash == secrets.hashed(secret), TABLE.c.ends_at > now, ApiKey.revoked_at.is_(None))
    return session.scalars(select(ApiKey).join(SignIn, SignIn.key_id == ApiKey.id).where(*held)).one_or_none()


def end(session: Session, secret: str) -> None:
    """End this session."""
    session.execute(delete(TABLE).where(TABLE.c.secret_hash == secrets.hashed(secret)))


def end_all(session: Session, secret: str) -> None:
    """End every session of the key that this one was begun with."""
    mine = select(TABLE.c.key_id).where(TABLE.c.secret_hash == secrets.hashed(secret)).scalar_subquery()
    session.execute(delete(TABLE).where(TABLE.c.key_id == mine))
