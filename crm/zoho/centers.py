"""Zoho's data centres: an account lives in one, and its tokens are good there alone.

zoho.com/crm/developer, "Multi DC": the hosts are those of the vendor's own client; where people look is remembered only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

US = "com"


@dataclass(frozen=True)
class Center:
    """``api``, ``accounts``: where it is asked, and where tokens are renewed; ``app``: where people look."""

    api: str
    accounts: str
    app: str


CENTERS: Mapping[str, Center] = {
    name: Center(f"https://www.zohoapis.{name}", f"https://accounts.{own}", f"https://crm.{own}")
    for name, own in {
        **{name: f"zoho.{name}" for name in (US, "eu", "in", "com.au", "jp", "sa", "com.cn")},
        "ca": "zohocloud.ca",
    }.items()
}


def named_by(domain: object) -> str | None:
    """The data centre of an ``api_domain``; None of any other address."""
    host = urlsplit(domain).hostname if isinstance(domain, str) and "//" in domain else None
    _, found, name = (host or "").rpartition("zohoapis.")
    return name if found and name in CENTERS else None
