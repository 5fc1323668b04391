"""JAICP's Calls API over HTTP. help.cloud.just-ai.com, "Calls API".

A campaign's token stands in the path of every request and is its only credential, so no sentence here shows a path as it
was sent: campaigns are named as our settings name them.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dialers.base import Connection
from dialers.giving import Refused
from lib.http.errors import CredentialsRefused, Declined
from lib.http.exchange import Answer, Http, Patience, asking, host_of, verdict

PATH = "/api/calls/campaign/{}"
REFUSALS = (
    401,
    403,
    404,
)  # a token that is wrong is part of a path that is wrong; which of them comes is not published
REASONS = ("message", "error", "errorMessage")
LONGEST_REASON = 300
LONGEST_ID = 18  # digits of one that is a number


class Client:
    """One account: its host, and the campaigns that we have tokens for. Shared by threads."""

    def __init__(self, connection: Connection, patience: Patience | None = None):
        settings = connection.settings
        self._base = str(settings["api_url"]).rstrip("/")
        self._campaigns: Mapping[str, str] = settings["campaigns"]
        self._http = Http(patience or Patience(read=float(settings.get("timeout_seconds") or 30)))

    def ask(self, campaign: str, verb: str, path: str, json: Any = None) -> bytes:
        """The answer's body. Raises a ExchangeError, never Uncertain."""
        with asking():
            return self.give(campaign, verb, path, json)

    def give(self, campaign: str, verb: str, path: str, json: Any = None, key: str | None = None) -> bytes:
        """The same where something is done by it. ``key``: what comes a second time under it is not done again.

        Raises Declined with JAICP's reason, CredentialsRefused, AskedWrongly, Unavailable or Uncertain; Refused for a
        campaign that is not configured.
        """
        token, what = self._token(campaign), f"{verb} {shown_path(campaign, path)}"
        url = self._base + PATH.format(quote(token, safe="")) + path
        headers = {"Idempotence-Key": key} if key else None
        answer = self._http.exchange(verb, url, what=what, headers=headers, json=json)
        host = host_of(self._base)
        if answer.status in REFUSALS:
            raise CredentialsRefused(
                f"{host} refused the token of campaign {campaign} ({answer.status} to {what}). "
                f"Check campaigns.{campaign} and api_url."
            )
        if 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
            reason = _reason(answer, token)
            if reason:
                raise Declined(f"{host} says: {reason.rstrip('.')}.")
        return verdict(answer, host, what)

    def _token(self, campaign: str) -> str:
        check_campaign(self._campaigns, campaign)
        return self._campaigns[campaign]


def check_campaign(campaigns: Mapping[str, str], campaign: str | None) -> None:
    """Raises Refused for a campaign that is not configured."""
    if campaign not in campaigns:
        known = ", ".join(sorted(campaigns))
        raise Refused("campaign", f"The connection has no campaign of this name; it has {known}.")


def shown_path(campaign: str, path: str) -> str:
    """The path as it may be shown: with the campaign's name where its token stands."""
    return PATH.format(f"{{{campaign}}}") + path


def job_id(job: str) -> int | str:
    """A job's id as JAICP's examples write it in requests: as a number."""
    return int(job) if len(job) <= LONGEST_ID and job.isascii() and job.isdigit() and str(int(job)) == job else job


def _reason(answer: Answer, token: str) -> str | None:
    """What the answer says in words, without what must not be shown: the token, and telephone numbers."""
    said = answer.said()
    found = [said[name] for name in REASONS if isinstance(said.get(name), str)] if isinstance(said, dict) else []
    reason = " ".join(found[0].split()) if found else ""
    return re.sub(r"\d{7,}", "…", reason.replace(token, "…"))[:LONGEST_REASON] or None
