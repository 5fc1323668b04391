"""What a database holds at one moment: the rows of each table, its schema, and where the change feed is."""

from sqlalchemy import Connection, inspect, text

from models.schema import VERSION_TABLE
from upkeep.backups.manifest import Content
from upkeep.backups.refused import Refused


def content(connection: Connection) -> Content:
    """All that is asked within one transaction, which shows one moment. Raises Refused where it has no tables of ours."""
    tables = sorted(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables or "change_feed" not in tables:
        raise Refused("The database has no tables of Wrapup: there is nothing in it yet.")
    ask = connection.exec_driver_sql
    quoted = connection.dialect.identifier_preparer.quote
    counts = {name: int(ask(f"SELECT count(*) FROM {quoted(name)}").scalar_one()) for name in tables}
    epoch, place = connection.execute(text("SELECT epoch, last_position FROM change_feed")).one()
    revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return Content(connection.dialect.name, str(revision), int(epoch), int(place), counts)


def differences(told: Content, found: Content) -> list[str]:
    """In which tables the database holds something else than the manifest says."""
    names = sorted({*told.counts, *found.counts})
    return [
        f"{name}: {told.counts.get(name)} rows then, {found.counts.get(name)} now"
        for name in names
        if told.counts.get(name) != found.counts.get(name)
    ]
