"""The variables of the environment that are settings, read one by one."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from service.settings.mistakes import BadSettings

_OURS = re.compile(r"WRAPUP_(?!TEST_)\w+", re.ASCII)


class Environment:
    """The environment, with one sentence per mistake. It remembers what it was asked for."""

    def __init__(self, environ: Mapping[str, str]):
        self._environ = environ
        self._asked: set[str] = set()

    def raw(self, name: str) -> str:
        """As it stands there; empty where it is not set."""
        self._asked.add(name)
        return self._environ.get(name, "")

    def text(self, name: str, default: str) -> str:
        """Without blanks around it. One that is empty counts as not set."""
        return self.raw(name).strip() or default

    def unread(self) -> Iterator[str]:
        """Sentences about what is called as our settings are, and was not asked for. A slip in a name must not be a default that
        nobody notices; nor may it stop a start, for Kubernetes and others make such variables by themselves."""
        for name in sorted(self._environ):
            if _OURS.fullmatch(name) and name not in self._asked and self._environ[name].strip():
                close = get_close_matches(name, sorted(self._asked), 1, 0.8)
                yield f"Nothing reads the variable {name}" + (f"; perhaps {close[0]} is meant." if close else ".")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """From ``low`` to ``high``. Raises BadSettings."""
        text = self.text(name, str(default))
        # The length first: Python reads no number of more than 4300 digits.
        if not text.isascii() or not text.isdigit() or len(text) > 20 or not low <= int(text) <= high:
            raise BadSettings(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of them, in small letters. Raises BadSettings."""
        text = self.text(name, default).lower()
        if text not in choices:
            raise BadSettings(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
        return text
