"""Secrets that nobody gave us: made at the first start, kept in the data folder, readable by its owner alone."""

import os
from pathlib import Path

from lib import secrets


def kept_secret(data_dir: Path, name: str) -> str:
    """The secret of that name, made now if there is none. Processes that start together end up with the same one."""
    folder = data_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_text(secrets.make(), encoding="ascii")
        draft.chmod(0o600)
        try:
            os.link(draft, path)  # fails where another process was first; a reader never sees half a secret
        except FileExistsError:
            pass  # the other one's secret is as good as ours
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
