"""Lists of leads that are refused: the answer names what is wrong, is short, and nothing comes of them."""

from dataclasses import replace

import pytest

from service.app import create_app
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice
from tests.web.asking import LEADS, numbers
from tests.web.conftest import client_with, settings_for
from web.context import context


@pytest.fixture(scope="module", params=[qvoice, jaicp], ids=["qvoice", "jaicp"])
def staged(request):
    with request.param() as stage:
        yield stage


@pytest.fixture(scope="module")
def refused(staged, kept_database, tmp_path_factory):
    """A client for all that is refused, of one application for each dialer and database; nothing may have come of it."""
    url, folder = kept_database.url.render_as_string(hide_password=False), tmp_path_factory.mktemp("refused")
    app = create_app(replace(settings_for(url, folder), connections={staged.connection.name: staged.connection}))
    client = client_with(app, kept_database, "leads", "read")
    yield client
    assert client.get("/api/v1/loads").json["loads"] == [] and staged.taken() == []
    context(app).database.close()


@pytest.fixture(scope="module")
def refused_url(staged):
    return LEADS.format(staged.connection.name, staged.campaign)


@pytest.mark.parametrize("cursor", ["1", "WyJmZWVkIiwiMSJd", "WyJsb2FkcyIsIjEiXQ"])
def test_a_cursor_that_no_list_of_loads_gave_is_refused(refused, cursor):
    answer = refused.get(f"/api/v1/loads?cursor={cursor}")
    assert (answer.status_code, list(answer.json["details"])) == (422, ["cursor"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"leads": []}, "leads"),
        ({}, "leads"),
        ({"leads": 7}, "leads"),
        ({"leads": [7]}, "leads.1"),
        ({"leads": [{"number": "+12135550001"}], "options": {"nonsense": 1}}, "options.nonsense"),
        ({"leads": [{"number": "+12135550001"}], "more": 1}, "more"),
        ({"leads": [{"number": 1.5}]}, "leads.1.number"),
        ({"leads": [{"number": "+12135550001", "timezone": "Mars/Olympus"}]}, "leads.1.timezone"),
        ({"leads": [{"number": "+12135550001", "priority": 1.5}]}, "leads.1.priority"),
        ({"leads": [{"number": "+12135550001", "name": "a\0"}]}, "leads.1.name"),
        ({"leads": [{"number": "+12135550001", "fields": {"a": "\0"}}]}, "leads.1.fields.a"),
        ({"leads": [{"number": "+12135550001", "fields": {"\0": "a"}}]}, "leads.1.fields"),
        ({"leads": [{"number": "+12135550001@\0"}]}, "leads.1.number"),
        ({"leads": [{"number": "+12135550001@" + "x" * 1000}]}, "leads.1.number"),
        ({"leads": [{"number": "+12135550001"}], "options": {"type": "\0"}}, "options.type"),
        ({"leads": [{"number": "+12135550001"}], "options": 0}, "options"),
    ],
)
def test_what_is_wrong_is_named(refused, refused_url, body, field):
    answer = refused.post(refused_url, json=body)
    assert (answer.status_code, list(answer.json["details"])) == (422, [field])


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"leads":[{"number":"+12135550001","fields":{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}}]}",
        b'{"leads":[{"number":"+12135550001","name":"\\ud800"}]}',
        b'{"leads":[{"number":"+12135550001","priority":NaN}]}',
        b'{"leads":[{"number":"+12135550001","name":"\xff"}]}',
        b"",
    ],
    ids=["deep", "deep inside", "half a character", "NaN", "not UTF-8", "empty"],
)
def test_what_is_no_json_is_a_400(refused, refused_url, data):
    assert refused.post(refused_url, data=data, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (b'{"options":{"a":', b'},"leads":[{"number":"+12135550001"}]}', "options"),
        (b'{"leads":[{"number":"+12135550001","fields":{"a":', b"}}]}", "leads.1.fields"),
        (b'{"leads":[{"number":"+12135550001","options":{"a":', b"}}]}", "leads.1.options"),
    ],
)
def test_what_is_nested_too_deep_is_named(refused, refused_url, before, after, field):
    data = before + b'[{"a":' * 490 + b"1" + b"}]" * 490 + after
    answer = refused.post(refused_url, data=data, content_type="application/json")
    assert (answer.status_code, answer.json["details"]) == (422, {field: ["Is nested more than 50 times."]})


@pytest.mark.parametrize("campaign", ["1" * 300, "a%00b"])
def test_a_campaign_that_cannot_be_kept_is_named_once(refused, staged, campaign):
    answer = refused.post(LEADS.format(staged.connection.name, campaign), json=numbers("+12135550001", "+12135550002"))
    assert (answer.status_code, list(answer.json["details"])) == (422, ["campaign"])


@pytest.mark.parametrize(
    ("data", "kind", "field", "words"),
    [
        (b"number," + b",".join(b"fields.%d" % at for at in range(20_000)), "text/csv", "leads", "20,001 columns"),
        (b'{"leads":[' + b"{}," * 200_000 + b"{}]}", "application/json", "leads.100001", "100,000 leads at most"),
        (b'{"leads":[{"' + b"a" * 300_000 + b'":1}]}', "application/json", "leads.1", "longer than 256 KiB"),
        (
            b'{"leads":[{"number":"+12135550001","' + b"a" * 200_000 + b'":1}]}',
            "application/json",
            f"leads.1.{'a' * 200}",
            "Unknown field",
        ),
        (
            b'{"leads":[],"options":{"a":"' + b"a" * 300_000 + b'"}}',
            "application/json",
            "options",
            "longer than 256 KiB",
        ),
        (b'{"leads":[],"options":{"a":[' + b"1," * 9_999 + b"1]}}", "application/json", "options", "2,000 values"),
        (b'{"' + b"a" * 200_000 + b'":1}', "application/json", "a" * 200, "Unknown field"),
    ],
)
def test_what_no_list_is_that_large_is_a_422_that_names_it(refused, refused_url, data, kind, field, words):
    answer = refused.post(refused_url, data=data, content_type=kind)
    assert (answer.status_code, list(answer.json["details"])) == (422, [field])
    assert words in str(answer.json["details"]) and len(answer.data) < 2_000


def test_many_long_faults_make_no_long_answer(refused, refused_url):
    data = b'{"leads":[' + b",".join([b'{"number":"+12135550001","' + b"a" * 200_000 + b'":1}'] * 60) + b"]}"
    answer = refused.post(refused_url, data=data, content_type="application/json")
    assert (answer.status_code, len(answer.json["details"])) == (422, 50)
    assert len(answer.data) < 50_000


def test_what_is_no_list_is_a_400_or_422(refused, refused_url):
    assert refused.post(refused_url, data=b"[", content_type="application/json").status_code == 400
    assert refused.post(refused_url, data=b"", content_type="text/csv").status_code == 422
    assert "not UTF-8" in str(
        refused.post(refused_url, data=b"number\n\xff\n", content_type="text/csv").json["details"]
    )


@pytest.mark.parametrize("body", [{}, {"leads": [{"number": "1"}], "options": 7}, {"nonsense": 1}])
def test_what_cannot_be_done_at_all_is_said_first(refused, staged, body):
    assert refused.post(f"/api/v1/campaigns/{staged.connection.name}", json=body).status_code == 409
    assert refused.post(LEADS.format("nobody", "1"), data=b"nmae\n", content_type="text/csv").status_code == 404
    assert refused.post(LEADS.format("nobody", "1"), data=b"{", content_type="application/json").status_code == 404
