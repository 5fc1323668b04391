"""Ringostat's HTTP API: the call log, and rows for Power Dialer campaigns. The key goes along as ``Auth-key``.

help.ringostat.com, "Ringostat API. Export call log" and "Ringostat API: Power Dialer Campaign Content". The latter's code
samples call the header ``Authorization Key``, a slip of translation: its text says ``Auth-key``.
"""

from collections.abc import Mapping
from typing import Any

from dialers.base import Connection
from lib.http.errors import AskedWrongly
from lib.http.exchange import Answer, Http, Patience, asking, host_of, verdict

CALLS = "/calls/list"
ROWS = "/power-dialer/campaigns/campaign-rows"


class Client:
    """One project. Shared by threads."""

    def __init__(self, connection: Connection, patience: Patience | None = None):
        settings = connection.settings
        self._base = str(settings["api_url"]).rstrip("/")
        self._project = str(settings["project_id"])
        self._key = str(settings["auth_key"])
        self._http = Http(patience or Patience(read=float(settings.get("timeout_seconds") or 30)))

    @property
    def host(self) -> str:
        return host_of(self._base)

    def calls(self, query: Mapping[str, str]) -> bytes:
        """The call log, as it was answered. Raises a ExchangeError, never Uncertain."""
        what = f"GET {CALLS}"
        with asking():
            answer = self._http.exchange("GET", self._base + CALLS, params=query, headers={"Auth-key": self._key})
            if answer.status == 400:
                raise AskedWrongly(
                    f"{self.host} called {what} invalid (400). One column that the project does not have is enough: "
                    "check report_fields."
                )
            return verdict(answer, self.host, what)

    def add_row(self, row: Mapping[str, Any]) -> Answer:
        """Give one row to a campaign. Raises Unavailable where it certainly did not arrive, Uncertain where it may have."""
        headers = {"x-project-id": self._project, "Auth-key": self._key}
        return self._http.exchange("POST", self._base + ROWS, json=row, headers=headers, alone=True)
