"""What a view answers, as schedules need it: some rows to show, and a file."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

from models.views import View
from queries.reports import files
from queries.reports.shown import Bars, Hours
from queries.views import answering
from queries.views.answering import Means

IN_MEMORY = 8 * 1024 * 1024  # of a file; what is beyond lies on the disk
CONTENT_TYPES = {form: files.TYPES[form].replace("; header=present", "") for form in files.TYPES}


@dataclass(frozen=True)
class Answer:
    """``rows``: values in the order of ``columns``; those that a mail may show. ``count``: how many the file has; None where that
    was not counted. ``file``: None where it would have too many rows. ``tz``: the clocks of the view. ``pictures``:
    those of a report's answer. ``said``: the rows as a mail writes them, where that is not as they are. ``left_out`` and
    ``lacking``: as of ``answering.Table``."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    count: int | None
    file: BinaryIO | None
    tz: str = "UTC"
    pictures: Sequence[Bars | Hours] = ()
    said: Sequence[Sequence[Any]] | None = None
    left_out: int = 0
    lacking: Sequence[str] = ()

    @property
    def size(self) -> int:
        """Of the file, in bytes."""
        return self.file.seek(0, 2) if self.file else 0

    def body(self) -> bytes:
        """The whole file."""
        assert self.file is not None
        self.file.seek(0)
        return self.file.read()


# Of a view, the form of the file, how many rows it may have (None for any number, of which none are shown), and when it was due:
# yesterday is the day before that, however late it is sent. Raises ``reading.Broken`` where the view cannot be asked any more.
Ask = Callable[[View, str, int | None, datetime], Answer]


def asker(means: Means) -> Ask:
    """Who asks with these means."""

    def ask(view: View, form: str, most: int | None, due: datetime) -> Answer:
        if most is None:
            lacks = answering.lacks(means, view, due)  # first, as for a table
            return Answer((), (), None, _kept(answering.file(means, view, form, at=due)), lacking=lacks)
        # The file is written of the rows that are shown: asked for twice, the two could differ.
        table = answering.table(means, view, most, due)
        more = (table.tz, table.pictures, table.said, table.left_out, table.lacking)
        if table.more:
            return Answer(table.columns, table.rows, None, None, *more)
        written = files.written(form, table.columns, table.rows, table.tz)
        return Answer(table.columns, table.rows, len(table.rows), _kept([written]), *more)

    return ask


def _kept(pieces: Iterable[bytes]) -> BinaryIO:
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)
    for piece in pieces:
        file.write(piece)
    return cast(BinaryIO, file)
