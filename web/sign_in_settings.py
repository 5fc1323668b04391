"""How people sign in to the pages, besides with a key: the table ``[sign_in]``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lib.openid import Client
from models.access import SCOPES

ALL_CONNECTIONS = "*"


@dataclass(frozen=True)
class Oidc:
    """A provider, and whom it names as what."""

    client: Client
    label: str  # what the link to it says
    claim: str  # which claim has the roles; of one within others, their names with points between
    roles: Mapping[str, Sequence[str]]  # scope -> values of that claim
    connections_claim: str | None  # which claim has the connections that somebody may see; None: all may see all
    lasts: timedelta = timedelta(hours=12)  # a session: how long what the provider has said counts

    def scopes_of(self, claims: Mapping[str, Any]) -> list[str]:
        """What the person may do; nothing where no role is named."""
        said = _listed(_found(claims, self.claim))
        return [scope for scope in SCOPES if said & set(self.roles.get(scope, ()))]

    def are_elsewhere(self, claims: Mapping[str, Any]) -> bool:
        """Whether the provider names a place where it could be asked for them instead (OpenID Connect Core 1.0, 5.6.2), as Entra
        does of somebody who is in more than 200 groups."""
        elsewhere = claims.get("_claim_names")
        return isinstance(elsewhere, Mapping) and any(
            name in elsewhere for name in (self.claim, self.connections_claim)
        )

    def connections_of(self, claims: Mapping[str, Any], known: Sequence[str]) -> list[str] | None:
        """The connections that the person may see; None: all, and an empty list: none."""
        if self.connections_claim is None:
            return None
        said = _listed(_found(claims, self.connections_claim))
        return None if ALL_CONNECTIONS in said else sorted(said & set(known))


@dataclass(frozen=True)
class Settings:
    """``keys``: whether people may sign in with keys."""

    keys: bool = True
    oidc: Oidc | None = None


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """A claim, or one within others: Keycloak has roles in ``realm_access.roles``. A point may be part of a name, too."""
    if name in claims:
        return claims[name]
    for at, sign in enumerate(name):
        within = claims.get(name[:at]) if sign == "." else None
        if isinstance(within, Mapping) and (found := _found(within, name[at + 1 :])) is not None:
            return found
    return None


def _listed(value: Any) -> set[str]:
    """The texts that a claim has, one or several; or the names in an object, as Zitadel has roles: ``{role: {organization:
    domain}}``. What is said of a name in another way is not understood, and gives nothing."""
    if isinstance(value, Mapping):
        return {name for name, said in value.items() if isinstance(said, Mapping) and said}
    return {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}
