"""What ``wrapup serve`` starts as the worker: the same as ``wrapup worker``, without loading the web side."""

from models.database import Database
from service import config, hooks, logs, worker


def main() -> None:
    settings = config.load()
    logs.configure(settings.log_level)
    worker.run(Database(settings.database_url), settings.connections, settings.callbacks_of(), hooks.tell_ready)


if __name__ == "__main__":
    main()
