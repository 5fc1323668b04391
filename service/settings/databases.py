"""What may be said as the URLs of databases. No sentence repeats one: it may hold a password."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.settings.mistakes import BadSettings


def check(text: str) -> None:
    """Refuse what could not work or would not be one database. Raises BadSettings."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise BadSettings("WRAPUP_DATABASE_URL is not a database URL.") from None
    if url.drivername not in ("sqlite", "postgresql", "postgres", "postgresql+psycopg"):
        raise BadSettings(f"WRAPUP_DATABASE_URL must begin with sqlite:/// or postgresql://, not {url.drivername}.")
    if url.port is not None and not 1 <= url.port <= 65_535:
        raise BadSettings("WRAPUP_DATABASE_URL must have a port from 1 to 65535.")
    if url.drivername != "sqlite":
        _check_sessions(url)
        return
    if url.host:
        raise BadSettings("WRAPUP_DATABASE_URL must begin with sqlite:/// with three slashes, or four for a full path.")
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise BadSettings("WRAPUP_DATABASE_URL must name a file: in memory, every process would have its own database.")


def _check_sessions(url: URL) -> None:
    wanted = url.query.get("target_session_attrs", "")
    if wanted in ("read-only", "standby", "prefer-standby"):
        raise BadSettings(
            f"WRAPUP_DATABASE_URL asks for target_session_attrs={wanted}, where nothing can be written: several hosts need "
            "read-write, which is what they have where nothing is said."
        )


def check_reader(text: str, database_url: str) -> None:
    """The same of the copy for readers. Raises BadSettings."""
    try:
        name = make_url(text).drivername
    except (ArgumentError, ValueError):
        raise BadSettings("WRAPUP_READER_URL is not a database URL.") from None
    if name not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise BadSettings(f"WRAPUP_READER_URL must begin with postgresql://, not {name}: only PostgreSQL has copies.")
    if make_url(database_url).drivername == "sqlite":
        raise BadSettings("WRAPUP_READER_URL is a copy of a PostgreSQL, and WRAPUP_DATABASE_URL names none.")
