"""Lists of the API are read in one way: in their turn, and a cursor that is none of ours is a 422."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from queries import keyset
from web.context import context
from web.errors import invalid
from web.turns import SEARCHES


@contextmanager
def searching(calls: bool = False) -> Iterator[Session]:
    """A session in which a page of a list is read. ``calls``: of outcomes, which a copy of the database may show. Of what has
    just been made, such as a load, it would show too little."""
    own = context()
    try:
        with SEARCHES.turn(), (own.reading() if calls else own.database).read() as session:
            yield session
    except keyset.BadCursor as error:
        invalid("cursor", str(error))
