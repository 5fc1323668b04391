"""What gunicorn and ``flask --app wsgi`` load."""

from service.app import create_app

app = create_app()
