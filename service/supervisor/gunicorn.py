"""gunicorn as ``wrapup serve`` starts it: with our code, wherever that is."""

import gc

from gunicorn.app.wsgiapp import WSGIApplication


class Gunicorn(WSGIApplication):
    """gunicorn looks for modules in the folder where it was started before it looks anywhere else. There may lie another
    Wrapup, or somebody's own ``lib``: of that nothing is taken. The folder itself stays, for paths in the settings."""

    def chdir(self) -> None:
        return


if __name__ == "__main__":
    gc.disable()  # until all is loaded: ``hooks``
    Gunicorn(prog="gunicorn").run()
