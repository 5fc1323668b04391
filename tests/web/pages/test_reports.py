"""The pages of reports: each number is a link to exactly what it counts, and what is not known says why."""

import csv
import html
import io
import random
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from lib import clock
from queries.reports.catalogue import REPORTS
from service.app import create_app
from tests.queries.reports import generated
from tests.web.conftest import settings_for
from tests.web.pages.conftest import browser_with
from tests.web.pages.crawling import counted, listed, opened
from tests.web.pages.reporting import SINCE, UNTIL, followed, page_of, stored
from tests.web.pages.shown import text
from web.context import context
from web.pages.openings import coded
from web.pages.reports import SUBJECTS

OPENED = 40


@pytest.fixture(scope="module")
def asked(kept_database, tmp_path_factory):
    url = kept_database.url.render_as_string(hide_password=False)
    settings = replace(settings_for(url, tmp_path_factory.mktemp("asked")), connections=generated.CONNECTIONS)
    app = create_app(settings)
    stored(kept_database)
    yield app, kept_database
    context(app).database.close()


@pytest.fixture(scope="module")
def reader(asked):
    return browser_with(*asked, "read")


@pytest.fixture(scope="module")
def pages(reader):
    """The page of each report."""
    return {name: followed(reader, page_of(name)) for name in REPORTS}


def test_every_report_is_among_what_can_be_asked(reader):
    page = text(reader, "/reports")
    assert {name for entries in SUBJECTS.values() for name, _ in entries} == set(REPORTS)
    for report in REPORTS.values():
        assert f'href="/reports/{report.name}?since=' in page and str(coded(report.question)) in page


def test_a_number_leads_to_exactly_what_it_counts(reader, pages):
    chosen, followed_links = random.Random(3), 0
    for name, page in pages.items():
        links = counted(page)
        assert links or name in ("times", "contact_rate", "machine_rate"), name
        for address, count in chosen.sample(links, min(3, len(links))):
            assert listed(lambda path: followed(reader, path), address) == count, (name, address)
            followed_links += 1
    assert followed_links > OPENED


def test_rows_in_pages_say_how_many_there_are_and_lead_through_all(reader):
    for name in ("compliance", "callbacks", "unreachable_numbers"):
        path = f"/reports/{name}?since={SINCE}&until={UNTIL}&tz=UTC"
        page, shown = text(reader, path), 0
        (every,) = re.findall(r'<p class="second">([\d,]+) rows?, all on this page\.</p>', page)
        assert page.count("<tr><td data-label=") == int(every), name
        following = f"{path}&limit=3"
        while following:
            page = text(reader, following)
            rows, whole = re.search(r'<p class="look">(\d) rows? of (\d+) (?:is|are) on this page', page).groups()
            assert whole == every and "the files below have all of them" in page
            assert ("First page" in page) == (following != f"{path}&limit=3")
            shown += int(rows)
            following = next(iter(re.findall(r'rel="next" href="([^"]+)"', page)), "")
            following = html.unescape(following)
        assert shown == int(every) > 3, name


def test_three_groups_are_offered_and_one_more_than_are_chosen(reader):
    for groups, offered in (("day", 3), ("day,agent", 3), ("day,agent,campaign", 4)):
        page = text(reader, f"/reports/attempts?tz=UTC&group_by={groups}")
        assert page.count('name="group_by"') == offered
        assert page.count(" selected>") >= len(groups.split(","))
    assert text(reader, "/reports/number_health?tz=UTC").count('name="group_by"') == 1


def test_a_rate_and_a_mean_lead_to_the_calls_that_they_are_made_of(reader, pages):
    for name in ("contact_rate", "times", "speed_to_lead"):
        for address in opened(pages[name])[1:8:3]:
            shown = followed(reader, address)
            assert "Counted under" in shown and "Left out:" in shown, address
            (back,) = re.findall(rf'of <a href="(/reports/{name}\?[^"]+)"', shown)
            asked = dict(parse_qsl(urlsplit(html.unescape(back)).query))
            assert asked["tz"] == "Asia/Kathmandu" and asked.get("group_by") in (None, "hour", "connection,weekday"), (
                back
            )
            assert text(reader, html.unescape(back))
            assert ('href="/loads/' in shown) == (name == "speed_to_lead"), address


@pytest.mark.parametrize(("group", "compare"), [("day", "week"), ("week,flag", "previous")])
def test_a_day_or_a_week_of_the_other_period_leads_to_its_own_calls(reader, group, compare):
    # Midnight there.
    since, until = (clock.iso(generated.FIRST + timedelta(days=at, hours=3, minutes=30)) for at in (13, 27))
    asked = f"since={since}&until={until}&tz=America/St_Johns&group_by={group}&compare={compare}"
    links = counted(followed(reader, f"/reports/attempts?{asked}"))
    before = [(address, count) for address, count in links if "row=day" in address or "row=week" in address]
    before = [one for one in before if f"since={quote(since)}" not in one[0]]
    assert len([one for one in before if one[1]]) > 5
    for address, count in before[::6]:
        assert listed(lambda path: followed(reader, path), address) == count, address


def test_a_leads_attempts_lead_to_its_calls_and_to_no_other_leads(reader):
    """Also where the calls with a number are of several leads: some name one, some do not."""
    page = text(reader, "/leads?figure=attempts_per_lead.leads&row=totals&tz=UTC&limit=1000")
    found = re.findall(r'class="number"><a href="([^"]+)">(\d+)</a>', page)
    by_number = [one for one in found if "row=lead_id" in one[0]]
    assert len(by_number) > 20 and len(found) > len(by_number)
    for address, attempts in [*by_number[::4], *found[::40]]:
        assert listed(lambda path: text(reader, path), html.unescape(address)) == int(attempts), address


def test_each_figure_has_its_definition_beside_it_and_each_null_its_reason(pages):
    for report, page in zip(REPORTS.values(), pages.values(), strict=True):
        for figure in report.described()["figures"]:
            assert str(coded(figure["numerator"])) in page, figure
        reasons = set(re.findall(r'href="#(why-\d+)"', page))
        assert all(f'id="{one}"' in page for one in reasons)
        assert "of the change feed, asked of the tables" in page and "await" in page
    assert "Left out:</em> <em>" not in pages["abandon_rate"]  # nothing is left out of a setting


def test_too_few_calls_are_shown_as_that_and_not_as_0(pages):
    page = pages["best_time"]
    assert "Fewer than 30 calls say nothing about a rate." in page
    assert 'aria-label="not known, reason 1"' in page


def test_markup_in_a_campaigns_name_stays_text(pages):
    for name in ("connect_rate", "penetration"):
        assert "<script>" not in pages[name] and "&lt;script&gt;" in pages[name]


def test_pictures_go_with_the_shape_of_the_rows(reader, pages):
    funnel, heat, attempts = (pages[name] for name in ("penetration", "best_time", "attempts_to_contact"))
    days = followed(reader, f"/reports/attempts?since={SINCE}&until={UNTIL}&tz=UTC&group_by=day")
    assert "loaded leads: attempted" in funnel
    assert ">Mon</text>" in heat and "They are striped." in heat
    assert "that were reached most were so on attempt" in attempts and "<bdi>never reached</bdi>" in attempts
    assert "Most: 2026-1" in days
    assert all("<figcaption><strong>" in page for page in (funnel, heat, attempts, days))


SAID = {
    "reports/attempts?since=2126-11-18T00:00:00Z&tz=UTC&group_by=day": (
        "From 2126-11-18 00:00 on, on the clocks of UTC.",
        "There is no row: no call or lead makes one.",
        "No call is counted here.",
    ),
    "reports/dispositions?connect_outcome=busy&tz=UTC": ("There is no row: no call or lead makes one.",),
    "reports/unreachable_numbers?connection=mute&tz=UTC": (
        "No row is shown; what is not known, and why, stands below.",
        "All that is known, on the clocks of UTC.",
    ),
    "reports/abandon_rate?since=2026-01-01T00:00:00Z&until=2026-11-20T00:00:00Z&compare=week&tz=UTC": (
        "From 2026-10-21 00:00 until 2026-11-20 00:00, on the clocks of UTC.",
        "Compared with 2026-10-14 00:00:00 until 2026-11-13 00:00:00.",
    ),
    "reports/compliance?since=2026-01-02T00:00:00Z&until=2026-01-03T00:00:00Z&compare=previous&tz=UTC": (
        "Compared with 2026-01-01 00:00:00 until 2026-01-02 00:00:00.",
        "of the time before, nothing is known.",
        "before ",
    ),
    "calls?figure=best_time.final&row=hour:9&zone=customer&tz=UTC": (
        "hour <bdi>9</bdi>, on the customers’ own clocks.",
    ),
    "calls?figure=best_time.final&row=hour:9&tz=UTC": ("hour <bdi>9</bdi>, on the clocks of UTC.",),
}


@pytest.mark.parametrize(("path", "sentences"), SAID.items())
def test_what_a_page_says_of_its_span_and_of_what_is_not_there_is_so(reader, path, sentences):
    page = " ".join(followed(reader, f"/{path}").split())
    assert [sentence for sentence in sentences if sentence not in page] == []


def test_a_day_opens_by_the_hour_as_far_as_it_is_asked_about(reader):
    since = clock.iso(generated.FIRST + timedelta(days=1, hours=9))
    page = followed(reader, f"/reports/attempts?since={since}&tz=Asia/Kathmandu&group_by=day")
    rows = re.findall(
        r'<a href="(/reports/attempts\?[^"]+)">[\d-]+</a></td>\s*<td[^>]*><a [^>]*data-count="(\d+)"', page
    )
    assert len(rows) > 5
    for href, count in (rows[0], rows[3]):
        hours = text(reader, html.unescape(href))
        assert re.search(r'data-count="(\d+)"', hours)[1] == count and "By day, hour" in hours
    assert f"since={since}".replace(":", "%3A") in rows[0][0]


def test_what_still_awaits_is_counted_by_connection_and_listed(reader, pages):
    page = pages["may_still_move"]
    moving = page.partition('id="sure-title"')[2]
    links = counted(moving)
    sums, parts = links[:2], links[2:]
    assert all("settling=" in href for href, _ in links) and sum(count for _, count in parts) == sums[1][1] > 0
    assert re.search(
        r"qvoice-main</bdi></a>: lead history [^<]*, <a [^>]*>\d+ calls?</a> still awaits? a disposition", moving
    )
    assert [listed(lambda path: followed(reader, path), href) for href, _ in links] == [count for _, count in links]


def test_what_is_not_known_of_dispositions_is_counted_by_connection_and_listed(reader, pages):
    for name in ("contact_rate", "unreachable_numbers"):
        said = "".join(re.findall(r'<p class="look">(?:What a disposition|No disposition).*?</p>', pages[name]))
        links = counted(said)
        assert "<bdi>qvoice-main</bdi>" in said and "<bdi>mute</bdi></a>, though they connected" in said
        assert len(links) >= 2 and all(count for _, count in links), links
        assert [listed(lambda path: followed(reader, path), href) for href, _ in links] == [count for _, count in links]
    assert "whether one was is not known" not in pages["connect_rate"]


def test_rows_of_one_name_lead_to_rows_that_say_their_connection(reader, pages):
    """Two lists of one name were loaded, each into another connection."""
    said = "Several of the rows have the same name"
    (href,) = re.findall(rf'{said}: <a href="([^"]+)">', pages["penetration"])
    apart = text(reader, html.unescape(href))
    assert said not in apart and "By connection, campaign" in apart
    assert all(f"<bdi>{name}</bdi></td>" in apart for name in ("ryng-main", "qvoice-main"))
    assert said not in pages["attempts"] and said not in pages["dispositions"]


WRONG = (
    ("connect_rate?tz=Mars/Base", "tz: Not an IANA time zone, such as Asia/Kolkata."),
    ("connect_rate?tz=UTC&group_by=colour", "group by"),
    ("dispositions?tz=UTC&group_by=day", "This report makes its own rows"),
    ("connect_rate?tz=UTC&compare=previous", "Say with `since` what is compared."),
    ("penetration?tz=UTC&agent=7", "Loaded leads are not asked about it"),
    ("connect_rate?tz=UTC&colour=green", "colour: Unknown field."),
    ("callbacks?tz=UTC&cursor=x", "cursor"),
)


@pytest.mark.parametrize(("path", "sentence"), WRONG)
def test_what_cannot_be_answered_is_a_sentence_in_the_page(reader, path, sentence):
    page = text(reader, f"/reports/{path}", 422)
    assert "Nothing is shown, because this cannot be answered" in page and sentence in page
    assert "<svg" not in page and "data-count" not in page
    assert text(reader, "/calls?figure=connect_rate.nothing&row=totals&tz=UTC", 422).count("Write it as REPORT.FIGURE")
    assert text(reader, "/leads?figure=connect_rate.final&row=totals&tz=UTC", 422).count("counts calls")
    assert reader.get("/reports/nothing").status_code == 404


def test_the_address_says_the_whole_question(reader):
    bare = reader.get("/reports/connect_rate")
    assert bare.status_code == 302
    assert "tz=UTC" in bare.location and "since=" in bare.location and "group_by=day" in bare.location
    path = "/reports/connect_rate?since=2026-11-01T00:00&until=&tz=Asia/Kathmandu&group_by=hour&group_by=&group_by=flag"
    location = reader.get(path).location
    assert "since=2026-10-31T18%3A15%3A00Z" in location and location.endswith("group_by=hour%2Cflag")
    assert "until" not in location
    page = followed(reader, path)
    assert 'value="2026-11-01T00:00:00"' in page and '<option value="hour" selected>' in page


def test_a_report_is_downloaded_as_it_is_asked(reader):
    path = reader.get(page_of("connect_rate")).location
    file = reader.get(path.replace("?", "?format=csv&"))
    rows = list(csv.DictReader(io.StringIO(file.get_data(as_text=True))))
    assert file.headers["Content-Disposition"].startswith('attachment; filename="connect_rate-') and rows
    assert sum(int(row["final"]) for row in rows) == int(re.search(r'data-count="(\d+)"', text(reader, path))[1])
    assert reader.get(path.replace("?", "?format=xlsx&")).data.startswith(b"PK")
