"""docs/api.md names every route of the API, and no other."""

import re

from service.app import create_app
from tests.docs.pages import quoted, read
from tests.web.conftest import settings_for
from web.auth import API
from web.context import context

ROUTE = re.compile(r"(?:(?:GET|POST|PUT|DELETE) )?((?:/[\w<>-]+)+)(?:\?.*)?")
OTHERS = {"/healthz", "/readyz", "/metrics", "/docs", "/login", "/callbacks"}  # outside of it
BESIDE = {"/reports"}  # what two of them begin with


def plain(path: str) -> str:
    """``/loads/<uuid:load_id>`` and ``/loads/<id>`` are one."""
    return re.sub(r"<[^>]*>", "<>", path)


def test_every_route_stands_in_the_guide_and_no_other(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path}/wrapup.db", tmp_path))
    context(app).database.close()
    routes = {plain(rule.rule.removeprefix(API)) for rule in app.url_map.iter_rules() if rule.rule.startswith(API)}
    said = re.findall(r"(?:GET|POST|PUT|DELETE) `([^`]+)`", read("docs/api.md"))
    found = {plain(match[1]) for one in [*said, *quoted(read("docs/api.md"))] if (match := ROUTE.fullmatch(one))}
    assert routes - found == set()
    assert found - routes - OTHERS - BESIDE - {API} == set()
