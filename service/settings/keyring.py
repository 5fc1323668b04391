"""Secrets that nobody gave us: made at the first start, kept in the data folder, readable by its owner alone."""

import os
from pathlib import Path

from lib import durable, private, secrets
from service.settings.mistakes import BadSettings

EMPTY = (
    "{} holds no secret any more, as after a loss of power: put it back from a backup (secrets/ in it). Where there is none, "
    "remove it, and another one is made."
)


def kept(data_dir: Path, name: str, made: str = "") -> str:
    """The secret of that name; where there is none, ``made`` becomes it, or a random one. Processes that start together end up
    with the same one. Raises BadSettings."""
    try:
        return _kept(data_dir, name, made)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadSettings(f"WRAPUP_DATA_DIR is {str(data_dir)!r}, where no secret can be kept: {why}.") from None


def _kept(data_dir: Path, name: str, made: str) -> str:
    folder = data_dir / "secrets"
    private.make_folder(folder)
    private.close(folder)
    path = folder / name
    if not path.exists():
        draft = folder / f".{name}.{os.getpid()}"
        try:
            # First onto the disk: a name is there sooner than what it names.
            durable.write(draft, made or secrets.make())
            os.link(draft, path)  # fails where another process was first; a reader never sees half a secret
        except FileExistsError:
            pass  # the other one's secret is as good as ours
        finally:
            draft.unlink(missing_ok=True)
        durable.sync_folder(folder)
    private.close(path)
    found = _read(path)
    if not found:
        raise BadSettings(EMPTY.format(path))
    return found


def is_lost(path: Path) -> bool:
    """Whether the file holds no secret any more. Raises OSError and UnicodeError."""
    return not _read(path)


def _read(path: Path) -> str:
    """The secret in the file; empty where there is none any more."""
    found = path.read_text(encoding="ascii").strip()
    return found if found.isprintable() else ""  # some file systems leave zeros
