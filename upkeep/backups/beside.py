"""What belongs to Wrapup and is in no database: the spool, the secrets, the ledger of erasures, the settings file."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lib import durable, private

SPOOL, SECRETS, KEY = "spool", "secrets", "secret_key"
LEDGER, SETTINGS = "erasures.jsonl", "wrapup.toml"
SEGMENTS = "*.spool"  # and ``damaged`` beside them: see callbacks.spool
DAMAGED = "damaged"
PIECE_BYTES = 1024 * 1024
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")  # the twin of service.settings.config's


@dataclass(frozen=True)
class Beside:
    """Where it lies. ``secret_key``: the one in force, wherever it stands. ``settings_file``: None where there is none."""

    data_dir: Path
    secret_key: str
    settings_file: Path | None = None

    def needs(self) -> tuple[str, ...]:
        """The environment variables that the settings file names. Raises OSError."""
        if self.settings_file is None:
            return ()
        return tuple(sorted(set(_VARIABLE.findall(self.settings_file.read_text(encoding="utf-8", errors="replace")))))

    def bytes(self) -> int:
        """About how many they are."""
        found = [*_spooled(self.data_dir), self.data_dir / LEDGER]
        return sum(path.stat().st_size for path in found if path.is_file())


def copy(beside: Beside, into: Path) -> None:
    """Copy it into the backup. Raises OSError.

    Before the database: a receipt that leaves the spool meanwhile is in the database then, and one that is in both is stored
    once."""
    for path in _spooled(beside.data_dir):
        try:
            written(path, into / SPOOL / path.name, whole_lines=True)
        except FileNotFoundError:  # drained a moment ago
            continue
    for path in sorted((beside.data_dir / SECRETS).glob("*")):
        if path.is_file() and not path.name.startswith("."):
            written(path, into / SECRETS / path.name)
    private.make_folder(into / SECRETS)
    # As a first start writes it, so that putting it back moves none aside.
    private.write(into / SECRETS / KEY, beside.secret_key)
    if (beside.data_dir / LEDGER).is_file():
        written(beside.data_dir / LEDGER, into / LEDGER, whole_lines=True)
    if beside.settings_file is not None:
        written(beside.settings_file, into / SETTINGS)


def written(source: Path, target: Path, whole_lines: bool = False) -> None:
    """Copy a file, for its owner alone, onto the disk. ``whole_lines``: somebody may be writing at its end. Raises OSError."""
    with source.open("rb") as out_of:
        private.make_folder(target.parent)
        private.make_file(target)
        with target.open("r+b") as into:
            into.truncate()
            end = 0  # behind the last whole line
            while piece := out_of.read(PIECE_BYTES):
                at = into.tell()
                into.write(piece)
                if (last := piece.rfind(b"\n")) >= 0:
                    end = at + last + 1
            if whole_lines:
                into.truncate(end)
            into.flush()
            os.fsync(into.fileno())


def ledger_lines(*folders: Path) -> list[str]:
    """The lines of all ledgers in these folders, each once, in their order: of who was erased nobody is forgotten."""
    found: dict[str, None] = {}
    for folder in folders:
        if (folder / LEDGER).is_file():
            found |= dict.fromkeys((folder / LEDGER).read_text(encoding="utf-8").splitlines())
    return [line for line in found if line]


def put_ledger(lines: list[str], data_dir: Path) -> None:
    """Raises OSError."""
    if lines:
        durable.replace(data_dir / LEDGER, "".join(f"{line}\n" for line in lines))


def put_spool(backup: Path, data_dir: Path) -> int:
    """Put the backup's receipts behind those that wait there, under numbers of their own, and what nobody understood behind what
    nobody understood there; how many files. Raises OSError."""
    folder = data_dir / SPOOL
    there = [int(path.stem) for path in folder.glob(SEGMENTS)] if folder.is_dir() else []
    number, found = max(there, default=0), _spooled(backup)
    for path in found:
        if path.name == DAMAGED:
            _put_damaged(path.read_bytes(), folder / DAMAGED)
        else:
            number += 1
            written(path, folder / f"{number:012}.spool")
    return len(found)


def _put_damaged(lines: bytes, target: Path) -> None:
    """Where it is looked at, brought back from, and erased from. Once, however often the backup is put back."""
    private.make_folder(target.parent)
    private.make_file(target)
    with target.open("r+b") as file:
        if lines not in file.read():
            file.write(b"\n" + lines)  # what is there may end in the middle of a line
            file.flush()
            os.fsync(file.fileno())


def _spooled(folder: Path) -> list[Path]:
    spool = folder / SPOOL
    segments = sorted(spool.glob(SEGMENTS)) if spool.is_dir() else []
    return [*segments, *([spool / DAMAGED] if (spool / DAMAGED).is_file() else [])]
