"""Which schemas this release knows: told by the names of its migrations, so that a receiver need not load what migrates."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

VERSION_TABLE = "alembic_version"


@cache
def known() -> frozenset[str]:
    """The revisions, such as ``0001``."""
    found = find_spec("migrations")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("Wrapup is not installed as a whole: its migrations are missing.")
    folder = Path(found.origin).parent / "versions"
    return frozenset(file.name.partition("_")[0] for file in folder.glob("[0-9]*.py"))


def is_newer(revision: str | None) -> bool:
    """Whether a database with this revision was made by a newer release. None: there is no schema yet."""
    return revision is not None and revision not in known()


def of_newer_release(session: Session) -> bool:
    """Whether the database was made by a newer release, so that nothing but receiving goes on here."""
    return is_newer(revision(session))


def revision(session: Session) -> str | None:
    """The database's revision. Raises where it has no schema, see ``models.errors.lacks_table``."""
    found: str | None = session.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return found
