"""What gunicorn loads for the receiving processes: callbacks, and a passage to the reader for everything else."""

import structlog

import callbacks
from models.database import Database
from service import config, logs
from service.passage import Passage

log = structlog.get_logger(__name__)


def create_receiver() -> callbacks.Receiver:
    """The WSGI application of the receiving processes.

    Flask is not loaded here: a receiver is small, and starts in a moment. Raises BadSettings.
    """
    settings = config.load()
    logs.configure(settings.log_level)
    if settings.reader is None:
        raise config.BadSettings("WRAPUP_READER must name the reader; wrapup serve sets it")
    inbox = callbacks.Inbox(Database(settings.database_url), settings)
    return callbacks.Receiver(Passage(settings.reader), inbox, settings.connections)
