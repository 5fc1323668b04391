"""What a kind says of an account: the lines of ``wrapup crm check``, and whom it says not to call."""

from crm.registry import CRMS


def lines(account, repair: bool = False) -> dict[str, str]:
    """What -> what to do, of all lines; an empty text where it is fine."""
    said = CRMS[account.destination.kind].check(account.client, account.destination, repair)
    return {one.what: "" if one.fine else str(one.todo) for one in said}


def wrong(account, repair: bool = False) -> dict[str, str]:
    return {what: todo for what, todo in lines(account, repair).items() if todo}


def listed(account) -> dict[str, tuple[str, ...]]:
    """Record -> its numbers, of all pages."""
    pages = CRMS[account.destination.kind].refusals.listed(account.client)
    return {one.id: one.numbers for page in pages for one in page}
