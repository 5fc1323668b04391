"""All that is mirrored goes, at once, and is read again: somebody was erased. Whoever asks for it loads no DuckDB for that."""

from pathlib import Path

from lib import durable
from queries.mirror import manifest

OURS = ("*.parquet", "*.csv")  # what is put here by a name of its own; whatever else is in the folder stays
REQUEST = "forget"  # a file, which whoever follows looks for


def ask(folder: Path) -> None:
    (folder / REQUEST).touch(0o600)


def is_asked(folder: Path) -> bool:
    return (folder / REQUEST).exists()


def forget(folder: Path) -> None:
    """Remove it. The caller holds the folder's lock."""
    (folder / manifest.FILE).unlink(missing_ok=True)
    for path in (path for of in OURS for path in folder.glob(of)):
        path.unlink(missing_ok=True)
    durable.sync_folder(folder)
    (folder / REQUEST).unlink(missing_ok=True)
