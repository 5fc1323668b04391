"""What axe-core finds on a page: https://github.com/dequelabs/axe-core, as the package brings it."""

from axe_playwright_python.sync_playwright import Axe


def found(page) -> list[tuple[str, str, str]]:
    """(rule, the first element that breaks it, what to do) of each rule that is broken."""
    broken = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"]) for one in broken]
