"""A place with something in every part of it, to back up and to put back."""

import json
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import migrations
from models.database import Database
from tests import factories
from tests.databases import scratch
from upkeep.backups.beside import Beside
from upkeep.backups.restoring import Place

KEY = "the-key-of-this-wrapup"
SETTINGS = '[connections.ryng-main]\ndialer = "ryng"\ncallback_tokens = ["${RYNG_CALLBACK_TOKEN}"]\n'
ERASED = json.dumps({"erased": "a keyed hash"})


def fill(database: Database, calls: int = 3) -> None:
    """Calls, each with its receipt and its event."""
    with database.write() as session:
        for number in range(calls):
            said = factories.receipt(session, body=b'{"callLogID": "%d"}' % number)
            factories.event(session, factories.outcome(session), said)


def lines(*payloads: bytes) -> bytes:
    """As the spool writes them."""
    return b"".join(b"%08x %b\n" % (crc32(one), one) for one in payloads)


def beside(folder: Path) -> Beside:
    """A data folder with a spool, secrets, a ledger, and a settings file."""
    for name in ("spool", "secrets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "spool" / "000000000007.spool").write_bytes(lines(b"one", b"two") + b"0000")  # somebody is writing
    (folder / "secrets" / "ryng_callback_token").write_text("token\n")
    (folder / "secrets" / "secret_key").write_text("another key, which the environment outdoes\n")
    (folder / "erasures.jsonl").write_text(ERASED + "\n")
    (folder / "feed-place.json").write_text('{"epoch": 1, "position": 4000000}\n')
    settings = folder.parent / "wrapup.toml"
    settings.write_text(SETTINGS)
    return Beside(folder, KEY, settings)


@contextmanager
def empty_place(request, folder: Path, like: Database):
    """Where nothing is yet, with the same kind of database."""
    folder.mkdir(parents=True, exist_ok=True)
    if like.is_sqlite:
        yield Place(folder, f"sqlite:///{folder}/wrapup.db")
        return
    with scratch(request.getfixturevalue("postgresql_server")) as url:
        yield Place(folder, url)


def prepare(database: Database) -> None:
    migrations.upgrade(database)
