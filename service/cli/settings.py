"""The settings, whole: readers are shown a part of them (``web.context.Settings``)."""

from service.settings.config import Settings
from web.context import context


def settings() -> Settings:
    """Those of the application whose command this is."""
    found = context().settings
    if not isinstance(found, Settings):
        raise TypeError("This application was not made by service.app.")
    return found


def no_connection(name: str) -> str:
    """What is said to whoever names one that is not configured."""
    known = ", ".join(sorted(context().settings.connections)) or "none"
    return f"There is no connection {name!r}. The settings have: {known}."
