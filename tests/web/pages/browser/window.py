"""A real Chromium before a real server, and everything that it complains about."""

import os
from pathlib import Path

import pytest

from tests.web.pages.conftest import CHROMIUM

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
IMAGES = Path(__file__).parents[4] / "docs" / "images"
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, and there is none on the PATH"),
]


class Window:
    """A page of the browser, and everything that it complained about."""

    def __init__(self, chromium, port: int, **options):
        self.complaints: list[str] = []
        self.address = f"http://127.0.0.1:{port}"
        self.context = chromium.new_context(base_url=self.address, **({"viewport": DESKTOP} | options))
        self.page = self.context.new_page()
        # A violation of the content policy is a console error too.
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._stays_here)

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # a refresh that was under way when the page was left
            self.complaints.append(f"{request.url} {request.failure}")

    def _stays_here(self, request):
        if not request.url.startswith(self.address):
            self.complaints.append(f"asked {request.url}")

    def sign_in(self, key: str):
        self.page.goto("/")
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Calls today").wait_for()
        return self.page


def picture(page, name: str, tmp_path: Path) -> bytes:
    """A screenshot: kept in docs/images where that is asked for, else beside the test's other files."""
    folder = IMAGES if os.environ.get("WRAPUP_TEST_SCREENSHOTS") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return page.screenshot(path=folder / name, animations="disabled")
