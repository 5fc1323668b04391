"""The process in which DuckDB answers: ``python -m queries.mirror.process FOLDER``. It is asked through a pipe, a pickled (name,
arguments) at a time, answers (True, value) or (False, sentence), and ends when the pipe does.

A process of its own: what DuckDB holds is given back when it ends, what kills it kills no reader, and at a low priority it
leaves the processors to callbacks."""

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

from queries.mirror import engine
from queries.mirror.columns import read_csv
from queries.mirror.manifest import Manifest, Segment, Unusable, verify

NICE = 10


class Answers:
    """What can be asked, by name."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._line = engine.connect(folder)
        self._manifest: Manifest | None = None

    def open(self, told: dict[str, Any]) -> None:
        """Ask this moment of the mirror from now on. Raises Unusable where its files are not what they were."""
        segments = tuple(Segment(**one) for one in told.pop("segments"))
        manifest = Manifest(**told, segments=segments)
        verify(self._folder, manifest)
        engine.open_manifest(self._line, self._folder, manifest)
        self._manifest = manifest

    def lay_over(self, path: str) -> None:
        """Lay the rows of a CSV file over it."""
        assert self._manifest is not None
        engine.lay_over(self._line, self._folder, self._manifest, read_csv(path))

    def rows(self, statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        return engine.rows(self._line, statement, parameters)


def main() -> None:
    os.nice(NICE)
    asked, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not spoil the answers
    answers = Answers(Path(sys.argv[1]))
    while True:
        try:
            name, arguments = pickle.load(asked)
        except EOFError:
            return
        try:
            answer = (True, getattr(answers, name)(*arguments))
        except Unusable as error:
            answer = (False, str(error))
        except Exception as error:  # noqa: BLE001 - DuckDB's own, whatever it is: who asked asks the tables instead
            print(json.dumps({"event": "mirror_failed", "error": type(error).__name__}), file=sys.stderr)
            answer = (False, f"DuckDB has failed ({type(error).__name__})")
        pickle.dump(answer, told, protocol=pickle.HIGHEST_PROTOCOL)
        told.flush()


if __name__ == "__main__":
    main()
