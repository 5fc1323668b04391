"""A feed for tests of its places: calls that become outcomes, and what a reader is shown."""

from outcomes import feed
from outcomes.feed import Place
from queries import feed as reading
from tests.evidence import CONNECTIONS, keep, normalize, receipt, terminal


def calls(database, *numbers: int, connections=CONNECTIONS) -> None:
    """Calls that become outcomes, one place each."""
    keep(database, *(receipt(terminal(n, 1000 + n)) for n in numbers))
    normalize(database, connections)


def state(database) -> feed.State:
    with database.read() as session:
        return feed.state(session)


def read(database, after: Place = feed.BEGINNING) -> list[tuple[str, int]]:
    """(call, position) of what a reader at the place is shown."""
    with database.read() as session:
        assert feed.state(session).has_given(after)
        return [(row.call_id, row.position) for row in reading.changes(session, after.position, 1000)]
