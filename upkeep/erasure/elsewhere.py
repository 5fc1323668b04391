"""Where a number may stand that an erasure does not look: told to whoever asked for it."""

from models.database import Database
from upkeep import beats
from upkeep.backups.restoring import schemas_aside

SCHEMA_ASIDE = (
    "The schema {} of the database, into which a restore has moved what was there, was not looked through: "
    "DROP SCHEMA {} CASCADE when you need it no more."
)
OTHER_HOST = (
    "The files of {} were not looked through: erase the number there as well (wrapup erase), "
    "while no worker runs elsewhere."
)


def sentences(database: Database) -> list[str]:
    """What was moved aside within the database, and the data folders of other hosts on which a worker was within a day."""
    aside = [SCHEMA_ASIDE.format(name, name) for name in schemas_aside(database)]
    with database.read() as session:
        return aside + [OTHER_HOST.format(host) for host in beats.other_hosts(session)]
