"""All that the doctor looks at, in the order in which it is told."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from lib import clock
from lib.text import many
from models.writing import sqlite_file
from service.doctor import database, machine, speed
from service.doctor.line import FAIL, OK, WARN, Check, Line, run
from service.doctor.others import others
from service.settings import config, keyring
from service.settings.config import Places, Settings
from service.settings.mistakes import BadSettings
from upkeep.backups import beside


def lines(environ: Mapping[str, str] | None = None) -> Iterator[Line]:
    """Works with settings that are wrong, with the database away, and before anything was made; makes nothing itself."""
    environ = os.environ if environ is None else environ
    settings: Settings | None = None
    try:
        places = config.places(environ)
    except BadSettings as error:
        yield Line("settings", FAIL, str(error), "docs/settings.md")
        return
    try:
        settings = _settings(environ, places)
    except BadSettings as error:
        yield Line("settings", FAIL, str(error), "docs/settings.md; is this the service's environment?")
    else:
        file = str(settings.file) if settings.file else "No settings file"
        told = f"{many(len(settings.connections), 'connection')}, {many(len(settings.destinations), 'destination')}"
        yield Line("settings", OK, f"{file}: {told}.")
        for sentence in settings.warnings():
            yield Line("settings", WARN, sentence)
    yield from run(_checks(places, settings))


def _settings(environ: Mapping[str, str], places: Places) -> Settings:
    """Loading makes secrets where there are none, and closes what is open: not here, where somebody only looks, perhaps as
    another user."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        _lose(places.data_dir / beside.SECRETS, data_dir / beside.SECRETS)
        elsewhere = {"WRAPUP_DATA_DIR": str(data_dir), "WRAPUP_DATABASE_URL": places.database_url}
        try:
            return config.load({**environ, **elsewhere})
        except BadSettings as error:
            raise BadSettings(str(error).replace(str(data_dir), str(places.data_dir))) from None


def _lose(secrets: Path, copies: Path) -> None:
    """Have those that are lost there lost in the copy as well, as far as this user may look: a start would be refused."""
    with suppress(OSError):
        for path in secrets.iterdir():
            with suppress(OSError, UnicodeError):
                if keyring.is_lost(path):
                    copies.mkdir(parents=True, exist_ok=True)
                    (copies / path.name).touch()


def _checks(places: Places, settings: Settings | None) -> Sequence[tuple[str, Check]]:
    url = make_url(places.database_url)
    checks: list[tuple[str, Check]] = [
        ("versions", partial(machine.versions, url.get_backend_name() == "sqlite")),
        ("disk", partial(machine.disks, places.data_dir, sqlite_file(url))),
        ("disk writes", partial(speed.of_disks, places.data_dir, sqlite_file(url))),
        ("processors", speed.of_processors),
        ("folders", partial(machine.folders, places)),
        ("database", partial(database.database, places.database_url)),
        ("processes", partial(machine.processes, places.data_dir)),
        ("open files", machine.limits),
        ("spool", partial(machine.spool, places.data_dir)),
        ("backup", partial(machine.backups, places.data_dir, clock.now())),
    ]
    if settings is not None:
        checks.append(("port", partial(machine.port, settings.bind)))
        if settings.reader_url:
            checks.append(("copy for readers", partial(database.copy, settings.reader_url)))
        checks += others(settings)
    return checks
