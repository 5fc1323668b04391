"""People whom the provider of the sign-in names: each is a row among the keys, without a key that anybody knows.

So what they may do and see, their sessions, views and links, and what is noted of them, is as with keys; and an admin locks one
out by revoking that row. What the provider says counts anew at each sign-in, also where it says less.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lib import ids, secrets
from lib import text as texts
from models import ApiKey, SignIn
from models.database import insert_into
from web.sign_in_settings import Oidc

NO_ROLE = "Your account has no role here: an administrator of your provider gives it one, or of Wrapup names its group."
NO_CONNECTION = "Your account may see none of the connections here."
ELSEWHERE = (
    "Your provider does not say in the token which groups you are in, mostly because they are too many: it can be told to name "
    "those alone that are assigned to Wrapup, or roles of this application."
)
REVOKED = "An administrator of Wrapup has locked this account out."


def named(
    session: Session, oidc: Oidc, claims: Mapping[str, Any], known: Sequence[str], now: datetime
) -> ApiKey | None:
    """The row of whom the verified claims name, with what they may do from now on; None where that is nothing any more, or was
    revoked: why says ``why_not``."""
    subject = _subject(oidc, claims)
    row = {"id": ids.new(), "name": _name(session, claims, subject), "secret_hash": secrets.hashed(secrets.make())}
    row |= {"scopes": [], "created_at": now, "subject": subject}
    insert = insert_into(session, ApiKey.__table__).values(row)
    session.execute(insert.on_conflict_do_nothing(index_elements=["subject"]))
    person = session.scalars(select(ApiKey).where(ApiKey.subject == subject).with_for_update()).one()
    person.owner = (_email(claims) or _text(claims.get("name")) or str(claims["sub"]))[:200]
    person.scopes, person.connections = oidc.scopes_of(claims), oidc.connections_of(claims, known)
    refused = why_not(person) is not None
    # What has no role any more is over: links that were made with it, too.
    person.expires_at = now if refused else None
    if refused:
        session.execute(delete(SignIn).where(SignIn.key_id == person.id))
    session.flush()
    return None if refused else person


def find(session: Session, oidc: Oidc, claims: Mapping[str, Any]) -> ApiKey:
    """The row of a person who was named before."""
    return session.scalars(select(ApiKey).where(ApiKey.subject == _subject(oidc, claims))).one()


def _subject(oidc: Oidc, claims: Mapping[str, Any]) -> str:
    return f"{oidc.client.issuer} {claims['sub']}"


def why_not(person: ApiKey) -> str | None:
    """Why the person is not let in; None: they are."""
    if person.revoked_at is not None:
        return REVOKED
    if not set(person.scopes) & {"read", "admin"}:
        return NO_ROLE
    return NO_CONNECTION if person.connections == [] else None


def _name(session: Session, claims: Mapping[str, Any], subject: str) -> str:
    """A name that nobody else has: to it belong the views that the person saves."""
    wanted = _email(claims) or _text(claims.get("preferred_username")) or str(claims["sub"])
    taken = select(ApiKey.id).where(ApiKey.name == wanted[:200], ApiKey.subject.is_distinct_from(subject)).limit(1)
    if session.scalar(taken) is None:
        return wanted[:200]
    return f"{wanted[:120]} ({secrets.hashed(subject)[:16]})"


def _email(claims: Mapping[str, Any]) -> str | None:
    """Unless the provider says that anybody could have written it there: nobody acts under another's address."""
    return _text(claims.get("email")) if claims.get("email_verified", True) in (True, "true") else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() and value.isprintable() and texts.storable(value) else None
