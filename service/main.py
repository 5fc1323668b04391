"""The entry point ``wrapup``. A bad setting ends it with one sentence and code 2, a database that is away with code 1."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.exc import SQLAlchemyError


def main() -> None:
    # Each command loads what it needs: the supervisor is to stay small, and what is started in a moment shall start so.
    if sys.argv[1:] == ["serve"]:
        from service.supervisor.plan import planned
        from service.supervisor.serve import supervise

        sys.exit(_told(lambda: supervise(planned())))
    if sys.argv[1:] == ["prepare"]:
        with _loading():
            from service import prepare

        sys.exit(_told(prepare.run))
    _told(_command)


def _command() -> None:
    with _loading():
        from flask.cli import ScriptInfo
        from sqlalchemy.exc import SQLAlchemyError

        from service.cli.group import wrapup

    def create_app() -> "Flask":
        with _loading():
            from service.app import create_app

        return create_app()

    _check_words(sys.argv[1:])
    try:
        # The application, and with it the settings, is made for a command that runs: not for one that is asked for its help.
        wrapup.main(prog_name="wrapup", obj=ScriptInfo(create_app=create_app))
    except SQLAlchemyError as error:
        if (sentence := _of_the_database(error)) is None:
            raise
        print(f"wrapup: {sentence}", file=sys.stderr)
        sys.exit(1)


def _of_the_database(error: "SQLAlchemyError") -> str | None:
    """What is wrong with the database; None where nothing is, and our question was wrong."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    from models.errors import is_damaged, lacks_column, lacks_rights, lacks_table, said
    from models.writing import refuses_writes

    if lacks_table(error) or lacks_column(error):
        return "The database has not the tables of this release: run `wrapup migrate` first."
    if lacks_rights(error):
        why = said(error)
        return f"The database lets this role do less than Wrapup needs ({why}): grant it the rights, or let it own the tables."
    if isinstance(error, OperationalError | InterfaceError) or refuses_writes(error) or is_damaged(error):
        return f"The database cannot be used: {said(error)}."
    return None


@contextmanager
def _loading() -> Iterator[None]:
    """What is loaded stays to the end: looking for garbage in it, meanwhile and once more at the end, takes a third of the time
    of a short command."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _check_words(words: Sequence[str]) -> None:
    """No name of anything is other text than UTF-8; names of files may be. Raises BadSettings."""
    from service.settings.mistakes import BadSettings

    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            if not os.path.lexists(word):
                raise BadSettings(f"{ascii(word)} is not text in UTF-8.") from None


def _told(run: Callable[[], Any]) -> Any:
    from service.settings.mistakes import BadSettings

    try:
        return run()
    except BadSettings as error:
        print(f"wrapup: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # while it was loaded; afterwards a command says the same by itself
        print("\nAborted!", file=sys.stderr)
        sys.exit(1)
