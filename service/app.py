"""create_app: every moving part named once, wired top to bottom."""

from flask import Flask
from gunicorn.http.errors import ParseException

from callbacks import routes
from callbacks.ladder.inbox import Inbox
from callbacks.receiver import Receiver
from lib import outside
from models.replica import Replica
from outcomes.decisions import Decided
from queries.sources import Sources
from service import logs
from service.passage.refusals import tally
from service.settings import config
from web import errors
from web import routes as read_side
from web.context import NAME, Context
from web.origin import Origin


def create_app(settings: config.Settings | None = None, serving: bool = False) -> Flask:
    """The WSGI application: callbacks, API, pages. ``serving``: as in ``logs.configure``. Raises BadSettings."""
    settings = settings or config.load()
    logs.configure(settings.log_level, serving)
    if not settings.outside:
        outside.close()
    app = Flask("wrapup", static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key, PUBLIC_URL=settings.public_url)
    database = settings.database(pool_size=16)
    inbox = Inbox(database, settings)
    own = app.extensions[NAME] = Context(
        settings=settings,
        database=database,
        connections=Decided(database, settings.connections),
        spool=inbox.spool,
        sources=Sources(
            database, settings.mirror_folder(), settings.mirror, settings.mirror_rows, lambda: own.reading()
        ),
        refused=tally(settings.data_dir),
        replica=Replica(database, settings.reader_url, settings.reader_seconds) if settings.reader_url else None,
    )
    read_side.register(app)
    app.register_error_handler(ParseException, errors.broken_off)
    # In front of Flask: no hook, no method table and no error page of ours can stand between a dialer and its 200.
    read = Origin(app.wsgi_app, settings.proxies)
    receiver = Receiver(read, inbox, settings.connections, settings.secret_key, settings.proxies)
    app.register_blueprint(routes.blueprint(receiver))
    app.wsgi_app = receiver  # type: ignore[method-assign]  # Flask's own way to stand in front of it
    return app
