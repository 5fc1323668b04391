"""A lead's name, which is given whole, in parts, or both, and which a dialer takes in one way only."""

from dialers.giving import Lead, Refused


def check_whole(lead: Lead) -> None:
    """For a dialer that is sent the whole name where there is one. Raises Refused where the parts say something else."""
    if lead.name and not _words(_joined(lead)) <= _words(lead.name):
        raise Refused("name", "It says something else than first_name and last_name, and the dialer takes one name.")


def check_parts(lead: Lead) -> None:
    """For a dialer that is sent the parts where there are some. Raises Refused where the whole name says something else."""
    parts = _joined(lead)
    if parts and not _words(lead.name) <= _words(parts):
        raise Refused(
            "name", "It says something else than first_name and last_name, which the dialer takes instead of it."
        )


def _joined(lead: Lead) -> str:
    return " ".join(part for part in (lead.first_name, lead.last_name) if part)


def _words(name: str | None) -> set[str]:
    """In any order: many write the last name first."""
    return set((name or "").replace(",", " ").casefold().split())
