"""The read side over HTTP: API, exports, pages."""

from flask import Flask


def register(app: Flask) -> None:
    """Add every route of the read side to the application."""
