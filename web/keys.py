"""API keys: made, listed, revoked. A key is shown once, when it is made; the database knows only its hash."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lib import clock, ids, secrets
from models import ApiKey, SignIn
from models.access import SCOPES


def create_key(session: Session, name: str, scopes: Iterable[str]) -> str:
    """Make a key and return its text, ``wk_...``. Raises ValueError with a sentence for a bad name or scope."""
    scopes = sorted(set(scopes), key=lambda scope: SCOPES.index(scope) if scope in SCOPES else -1)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ValueError(f"A key's scopes are one or more of {', '.join(SCOPES)}.")
    if not name.strip() or len(name) > 200:
        raise ValueError("A key's name has 1 to 200 characters.")
    if not name.isprintable():  # it is written to terminals, logs and pages
        raise ValueError(
            "A key's name holds characters that are not printed: line breaks, escape codes, or marks that hide."
        )
    text = "wk_" + secrets.make()
    session.add(
        ApiKey(id=ids.new(), name=name, secret_hash=secrets.hashed(text), scopes=scopes, created_at=clock.now())
    )
    session.flush()
    return text


def list_keys(session: Session) -> list[ApiKey]:
    """Every key, revoked ones included, in the order of their making."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def revoke_key(session: Session, name: str) -> int:
    """Revoke every valid key of that name or id, and end the sessions begun with it; the number revoked."""
    key_id = ids.parse(name)
    wanted = ApiKey.id == key_id if key_id else ApiKey.name == name
    found = list(session.scalars(select(ApiKey).where(wanted, ApiKey.revoked_at.is_(None))))
    for key in found:
        key.revoked_at = clock.now()
        session.execute(delete(SignIn).where(SignIn.key_id == key.id))
    return len(found)


def find_key(session: Session, text: str) -> ApiKey | None:
    """The valid key with that text. Looked up by its hash, so no comparison's time tells anything about a key."""
    found = select(ApiKey).where(ApiKey.secret_hash == secrets.hashed(text), ApiKey.revoked_at.is_(None))
    return session.scalars(found).one_or_none()
