"""Writes what the settings say of dispositions and dialers into dbt's seeds: ``python -m integrations.dbt.seeds``, with the
service's environment. Without it dbt takes every disposition without a flag for undecided, and no dialer for silent."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from dialers.base import Connection
from dialers.registry import DIALERS
from dialers.vocabulary import ABANDONED, VOICEMAIL
from models.database import Database
from outcomes.decisions import Decided
from queries import words_seen
from queries.asks import Asks
from service.settings import config

FOLDER = Path(__file__).parent / "seeds"


def flagless(session: Asks, connections: Mapping[str, Connection]) -> Iterable[tuple[str, ...]]:
    return sorted(words_seen.decided(session, {}, connections))


def silent(connections: Mapping[str, Connection]) -> Iterable[tuple[str, ...]]:
    for name, one in sorted(connections.items()):
        dialer = DIALERS[one.dialer]
        if not dialer.states_dispositions(one):
            yield name, "dispositions"
        for outcome in (ABANDONED, VOICEMAIL):
            if not dialer.tells_of(one, outcome):
                yield name, outcome


def write(folder: Path, name: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def write_all(folder: Path, session: Asks, connections: Mapping[str, Connection]) -> None:
    said = ("connection", "disposition", "disposition_parent")
    write(folder, "wrapup_flagless", said, flagless(session, connections))
    write(folder, "wrapup_silent", ("connection", "about"), silent(connections))


def main() -> None:
    settings = config.load()
    database = Database(settings.database_url)
    try:
        with database.read() as session:
            write_all(FOLDER, session, Decided(database, settings.connections))
    finally:
        database.close()


if __name__ == "__main__":
    main()
