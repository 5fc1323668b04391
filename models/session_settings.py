"""What a PostgreSQL has set for whoever comes (its server, the database, the role), and Wrapup is not written for: it is set
back for our own connections alone.

``synchronous_commit = off`` has a commit answered before it is on the disk, and a 200 would not mean that a callback is durable.
Where strings are not as the standard has them a backslash in one is eaten, and what was kept of a callback is not what came.
Under another isolation than READ COMMITTED who waits for a lock gets an error in place of the row as it is now. Dates in another
style than ISO's are read by nobody, and what the catalogue says of indexes with every name in quotes neither. A session that is
ended for being idle, as a receiver's is between two callbacks, costs the next callback its place in the database.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import ConnectionPoolEntry

# Nothing comes back, and nothing is written, where all is as it is by default.
_SET_BACK = """
    SELECT set_config(name, wanted, false)
    FROM (VALUES ('synchronous_commit', 'on', 'off'),
                 ('standard_conforming_strings', 'on', 'off'),
                 ('quote_all_identifiers', 'off', 'on'),
                 ('default_transaction_isolation', 'read committed', 'repeatable read'),
                 ('default_transaction_isolation', 'read committed', 'serializable')) AS needed (name, wanted, but)
    WHERE current_setting(name) = but
    UNION ALL
    SELECT set_config('DateStyle', 'ISO', false) WHERE current_setting('DateStyle') NOT LIKE 'ISO%'
    UNION ALL
    SELECT set_config('idle_session_timeout', '0', false) WHERE current_setting('idle_session_timeout', true) <> '0'
"""


def watch(engine: Engine) -> None:
    """Set it back in each connection to PostgreSQL that the engine makes."""
    event.listen(engine, "connect", _set_back, insert=True)  # before SQLAlchemy asks how strings are read


def _set_back(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.execute(_SET_BACK)
    connection.commit()  # what is rolled back was never set
