"""Lists of the API are read in one way: in their turn, and a cursor that is none of ours is a 422."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from queries import keyset
from web.context import context
from web.errors import invalid
from web.turns import SEARCHES


@contextmanager
def searching() -> Iterator[Session]:
    """A session in which a page of a list is read."""
    try:
        with SEARCHES.turn(), context().reading().read() as session:
            yield session
    except keyset.BadCursor as error:
        invalid("cursor", str(error))
