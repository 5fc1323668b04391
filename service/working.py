"""What ``wrapup serve`` starts as the worker: the same as ``wrapup worker``, without loading the web side."""

from models.database import Database
from service import config, logs, worker
from service.supervisor import hooks


def main() -> None:
    settings = config.load()
    logs.configure(settings.log_level)
    database, urls = Database(settings.database_url), settings.callbacks_of()
    worker.run(database, settings.connections, urls, settings.data_dir, hooks.tell_ready)


if __name__ == "__main__":
    main()
