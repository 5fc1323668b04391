"""``wrapup serve``: the processes of Wrapup, kept alive, and how gunicorn runs those that serve HTTP."""
