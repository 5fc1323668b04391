"""What gunicorn loads for the receiving processes: callbacks, and a passage to the reader for everything else."""

from callbacks.ladder.inbox import Inbox
from callbacks.receiver import Receiver
from lib import outside
from service import logs
from service.passage.passing import Passage
from service.passage.refusals import tally
from service.passage.uploads import Uploads
from service.settings import config


def create_receiver(reader: str) -> Receiver:
    """The WSGI application of the receiving processes; ``reader`` is the HOST:PORT where everything else is answered.

    Flask is not loaded here: a receiver is small, and starts in a moment. Raises BadSettings.
    """
    settings = config.load()
    logs.configure(settings.log_level, serving=True)
    if not settings.outside:
        host, _, port = reader.rpartition(":")
        outside.close(but=(host, int(port)))
    inbox = Inbox(settings.database(), settings)
    counts = tally(settings.data_dir)
    uploads = Uploads(settings.data_dir, settings.upload_bytes, counts)
    passage = Passage(reader, uploads, settings.proxies, counts)
    return Receiver(passage, inbox, settings.connections, settings.secret_key, settings.proxies)
