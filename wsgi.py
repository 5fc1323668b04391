"""What ``flask --app wsgi`` loads, and any server of WSGI: the application, and all commands."""

from service.app import create_app
from service.cli import group

app = create_app()
group.register(app)
