"""The first page: freshness in words, today's calls, the last outcomes."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text as sql

from dialers.vocabulary import CONNECT_OUTCOMES, SETTLINGS
from leads import loads
from lib import clock
from lib import zones as iana
from models import PollCursor, Receipt, SendingDesk
from models.polls import HISTORY
from models.receipts import STATES
from models.schema import known
from outcomes import callback_pace
from tests import factories
from tests.web.conftest import CONNECTIONS
from web.context import context
from web.pages import sentences, zones

NOW = datetime(2026, 11, 18, 10, 45, tzinfo=UTC)


@pytest.fixture
def at_ten_forty_five(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def text(browser, path="/"):
    response = browser.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def tile(page, title):
    """What stands in the tile of a figure: its number, or a dash, and everything below it."""
    found = page.partition(f"<dt>{title}</dt>")[2].partition("</div>")[0]
    return " ".join(html.unescape(re.sub("<[^>]+>", "", found)).split())


def test_freshness_is_told_in_words(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.receipt(session, received_at=NOW - timedelta(seconds=14))
        factories.poll(session, layer="recent", complete_to=NOW - timedelta(minutes=3), due_at=NOW)
        factories.poll(session, layer="week", complete_to=NOW - timedelta(minutes=20), due_at=NOW)

    page = text(reader)

    assert "last callback 14 s ago" in page
    assert "lead history complete to 10:42<" in page


def test_of_what_nobody_has_heard_yet_nobody_says_that_it_is_well(reader, database, at_ten_forty_five):
    page = text(reader, "/live/connections")
    assert page.count('<span class="dot warn">') == len(CONNECTIONS) == page.count('<span class="dot ')
    with database.write() as session:
        factories.receipt(session, received_at=NOW)
    assert text(reader, "/live/connections").count('<span class="dot good">') == 1


def test_a_report_tells_when_it_last_heard_of_each_connection(reader, database, at_ten_forty_five):
    with database.write() as session:
        came = NOW - timedelta(hours=3)
        factories.receipt(session, received_at=came, seen_at=came, state="pending")
        factories.poll(session, layer="recent", complete_to=NOW - timedelta(days=1), due_at=NOW)

    page = " ".join(re.sub("<[^>]+>", "", text(reader, "/reports/attempts?tz=Asia/Kolkata")).split())

    assert "ryng-main: last callback at 13:15:00." in page
    assert "lead history complete to 2026-11-17 16:15, 4 h back; what is older has not been read yet" in page
    assert "What it records later comes later." in page
    assert "Receipts have been waiting to be read for 3 h, and what is shown lacks them." in page
    assert "comes later" not in text(reader, "/reports/attempts?tz=UTC&connection=ryng-main")  # it is asked for nothing


def test_a_past_that_is_not_at_its_end_is_told_wherever_freshness_is(reader, database, at_ten_forty_five):
    since, until = NOW - timedelta(days=30), NOW - timedelta(hours=1)
    with database.write() as session:
        factories.poll(session, complete_to=NOW, due_at=NOW)
        begun = factories.poll(
            session,
            layer=f"{HISTORY}{clock.iso(since)}/{clock.iso(until)}",
            complete_to=NOW - timedelta(days=20),
            last_started_at=NOW - timedelta(minutes=1),
            due_at=NOW,
        )
        session.flush()
        key = (begun.connection, begun.report, begun.layer)
    pages = ("/", "/connections/qvoice-main", "/reports/attempts?tz=UTC")
    past = "the lead history of 2026-10-19 10:45 to 09:45"
    assert all(f"{past} is being asked for and has come to 2026-10-29 10:45" in text(reader, page) for page in pages)

    with database.write() as session:
        row = session.get_one(PollCursor, key)
        row.due_at, row.last_started_at = NOW - timedelta(hours=2), NOW - timedelta(hours=2)
        row.error = "The dialer did not answer."
    goes_on = f"wrapup poll qvoice-main --since {clock.iso(since)} goes on"
    for page in pages:
        said = html.unescape(text(reader, page))
        asked = "asked for last at 08:45 (The dialer did not answer)"
        assert f"{past} has come to 2026-10-29 10:45 and no farther, {asked}: {goes_on}" in said, page


def test_receipts_that_nobody_reads_are_told_on_every_page(reader, database, at_ten_forty_five):
    with database.write() as session:
        row = factories.outcome(session)
        load = factories.load(session, leads=())
        came = NOW - timedelta(seconds=119)
        receipt = factories.receipt(session, received_at=came, state="pending", processed_at=None)
        lead, receipt_id = factories.lead(session, load), receipt.id
    paths = ["/calls", f"/calls/{row.id}", "/loads", f"/loads/{load.id}", f"/leads/{lead.id}", "/reports"]
    paths += ["/reports/times?tz=UTC", "/leads?figure=attempts_per_lead.leads&tz=UTC", "/views", "/schedules"]
    paths += ["/quarantine", f"/receipts/{receipt_id}", "/connections/ryng-main", "/destinations", "/zone", "/"]
    said = "and what is shown lacks them. Is a worker running?"
    assert not any(said in text(reader, path) for path in paths)

    with database.write() as session:
        session.get_one(Receipt, receipt_id).seen_at = NOW - timedelta(minutes=3)
    for path in paths:
        assert text(reader, path).count(f"Receipts have been waiting to be read for 3 min, {said}") == 1, path


def test_a_report_says_whose_last_callback_it_tells_while_others_wait(reader, app, database, at_ten_forty_five):
    with database.write() as session:
        factories.receipt(session, received_at=NOW - timedelta(minutes=6))
    said = "last callback at 10:39:00"
    assert f"{said}." in " ".join(text(reader, "/reports/attempts?tz=UTC").split())
    context(app).spool.append([b"x" * 90])
    assert f"{said}, of those that the database has" in text(reader, "/reports/attempts?tz=UTC")


def test_times_are_in_the_zone_that_the_reader_chose(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.poll(session, complete_to=NOW - timedelta(minutes=3), due_at=NOW)
    reader.get("/zone")
    assert reader.post("/zone", zone="Asia/Kolkata", next="/").location == "/"

    page = text(reader)

    assert "Times in Asia/Kolkata" in page
    assert "lead history complete to 16:12, 4 h back; what is older has not been read yet<" in page


def test_the_zones_are_read_once_and_not_for_each_of_them(reader, monkeypatch):
    asked = []
    real = iana.available_timezones
    monkeypatch.setattr(iana, "available_timezones", lambda: asked.append(1) or real())
    zones.all_known.cache_clear()
    iana.names.cache_clear()

    for _ in range(2):
        assert reader.get("/zone").get_data(as_text=True).count("<option") > 400
    assert asked == [1]


def test_a_zone_that_does_not_exist_is_refused(reader):
    reader.get("/zone")

    assert reader.post("/zone", zone="Mars/Olympus").status_code == 422

    reader.client.set_cookie(zones.COOKIE, "../../etc/passwd")
    assert "Times in UTC" in text(reader)


def test_trouble_is_told_as_a_sentence(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.poll(
            session,
            error_id="unavailable",
            error="The dialer did not answer within 30 s.",
            failures=3,
            last_ok_at=NOW - timedelta(hours=2),
        )
        factories.poll(session, layer="week", due_at=NOW - timedelta(minutes=9))
        # What an error says is of the last try: where nobody tries any more, the dialer may long be well.
        factories.poll(
            session, layer="day", error="Refused.", failures=1, last_ok_at=None, due_at=NOW - timedelta(minutes=7)
        )
        factories.receipt(session, state="pending", received_at=NOW - timedelta(minutes=4), processed_at=None)
        factories.receipt(session, state="quarantined", reason="unparseable", body=b"{")

        hung = {"lease_owner": "w", "lease_until": NOW + timedelta(minutes=3), "due_at": NOW - timedelta(minutes=5)}
        factories.poll(
            session, connection="jaicp-bot", report="jobs", last_started_at=NOW - timedelta(minutes=2), **hung
        )
        factories.poll(session, connection="jaicp-bot", report="campaigns", due_at=NOW - timedelta(minutes=4))

    page = text(reader)

    assert "read 5 min ago. It has been asked for 2 min, and there is no answer yet." in page
    assert "read 4 min ago. It waits for the report jobs, which has been asked for 2 min." in page
    assert "The dialer did not answer within 30 s. Failed 3 times in a row; last succeeded 2 h ago." in page
    assert "should have been read 9 min ago. Is a worker running?" in page
    assert "Refused. Failed once; it has never succeeded." in page
    assert "should have been read again 7 min ago. Is a worker running?" in page
    assert "Receipts have been waiting to be read for 4 min" in page
    assert 'href="/quarantine?connection=ryng-main">1 in quarantine' in page


@pytest.mark.parametrize(
    "error_id, todo",
    [
        ("unavailable", "Is the dialer up? Check the address under [connections.qvoice-main]"),
        ("credentials_refused", "Correct the credentials under [connections.qvoice-main]"),
        ("walk_stuck", None),  # the error itself says what there is to say
    ],
)
def test_what_to_do_about_a_trouble_stands_once_beside_it(reader, database, at_ten_forty_five, error_id, todo):
    with database.write() as session:
        for layer in ("recent", "week"):
            factories.poll(session, layer=layer, error_id=error_id, error="It did not go well.", due_at=NOW)

    page = html.unescape(text(reader))

    assert page.count("It did not go well.") == 2
    if todo:
        assert page.count(todo) == 1
    else:
        assert "Check the address" not in page


def test_a_database_of_a_newer_release_is_said_to_stand_still(reader, database):
    pages = ("/", "/live/connections", "/connections/ryng-main")
    assert not any("made by a newer release" in text(reader, path) for path in pages)
    with database.write() as session:
        session.execute(sql("UPDATE alembic_version SET version_num = '9999'"))
    try:
        assert all("made by a newer release" in text(reader, path) for path in pages)
    finally:
        with database.write() as session:
            session.execute(sql("UPDATE alembic_version SET version_num = :latest"), {"latest": max(known())})


def test_nobody_is_called_silent_whose_callbacks_may_wait_in_the_spool(reader, app, database, at_ten_forty_five):
    with database.write() as session:
        for seconds in range(360, 1560, 10):
            factories.receipt(session, received_at=NOW - timedelta(seconds=seconds))
    while callback_pace.learn(database, CONNECTIONS, NOW):
        continue
    said = "No callback for 6 min"
    assert said in text(reader) and said in text(reader, "/connections/ryng-main")
    assert 'wrapup_callback_silent{connection="ryng-main"} 1.0' in text(reader, "/metrics")

    context(app).spool.append([b"x" * 90])

    marks = re.findall(r'class="dot (\w+)"></span><a href="/connections/([\w-]+)"', text(reader))
    assert ("warn", "ryng-main") in marks  # no mark of health beside what may wait
    for path in ("/", "/live/connections", "/connections/ryng-main"):
        page = text(reader, path)
        assert said not in page and "last callback 6 min ago, of those that the database has" in page, path
    assert "wrapup_callback_silent{" not in text(reader, "/metrics")
    assert "wrapup_callback_age_seconds{" not in text(reader, "/metrics")


def test_what_waits_in_the_spool_is_said_to_be_missing(reader, app, at_ten_forty_five):
    said = "what is shown lacks them"
    for path in ("/", "/live/connections", "/calls", "/quarantine", "/connections/ryng-main"):
        assert said not in text(reader, path)
    context(app).spool.append([b"x" * 90])
    for path in ("/", "/live/connections", "/calls", "/quarantine", "/connections/ryng-main"):
        assert text(reader, path).count(said) == 1, path
    context(app).spool.folder.rename(context(app).spool.folder.with_name("away"))
    context(app).spool.folder.symlink_to("spool")  # a circle
    assert "cannot be read" in text(reader, "/calls")


def test_words_that_nobody_has_mapped_are_shown_with_their_calls(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.outcome(session, connect_outcome="unknown", status_raw="7", started_at=NOW)

    page = text(reader)

    assert '#words-title">1 word undecided on <bdi>ryng-main</bdi></a>' in page
    assert '<a href="/calls?connection=ryng-main&amp;unmapped=status_raw:7"><bdi>7</bdi>' in page


def test_today_is_the_readers_day(reader, database, at_ten_forty_five):
    with database.write() as session:
        # 18:29 and 18:31 UTC of the 17th: the second is today in India already.
        for minute in (29, 31):
            factories.outcome(session, started_at=datetime(2026, 11, 17, 18, minute, tzinfo=UTC))
        factories.outcome(session, connect_outcome="busy", started_at=NOW)

    assert tile(text(reader), "Attempts").startswith("1 1 of them over")

    reader.client.set_cookie(zones.COOKIE, "Asia/Kolkata")
    page = text(reader)
    assert tile(page, "Attempts").startswith("2 2 of them over")
    assert tile(page, "Connect rate").startswith("50.0 % 1 of 2 finished calls")
    assert "connect_outcome=busy&amp;since=2026-11-17T18:30:00Z&amp;until=2026-11-18T18:30:00Z" in page


def test_the_figures_are_those_of_the_list_behind_them(reader, database, at_ten_forty_five):
    with database.write() as session:
        for minute in range(3):
            factories.outcome(session, connect_outcome="busy", started_at=NOW - timedelta(minutes=minute))

    assert '3 <span class="second">100.0 %' in text(reader)

    since, until = "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"
    listed = text(reader, f"/calls?connect_outcome=busy&since={since}&until={until}")
    assert listed.count("data-key=") == 3


@pytest.mark.parametrize("source", ["computed", "observed", "stated", None])
def test_talk_time_that_nobody_stated_is_told(reader, database, at_ten_forty_five, source):
    with database.write() as session:
        factories.outcome(session, started_at=NOW, talk_seconds=65, talk_source=source)
        factories.outcome(session, started_at=NOW, talk_seconds=3600, talk_source="stated")

    talk = tile(text(reader), "Talk time")

    assert talk.startswith("1:01:05")
    assert (f"of it 0:01:05 {source}" in talk) is (source in ("computed", "observed"))


@pytest.mark.parametrize(
    ("zone", "now", "begin", "hours"),
    [
        ("UTC", "2026-11-18T10:00:00Z", "2026-11-18T00:00:00Z", 24),
        ("Europe/Kyiv", "2026-03-29T10:00:00Z", "2026-03-28T22:00:00Z", 23),  # clocks go forward
        ("Europe/Kyiv", "2026-10-25T10:00:00Z", "2026-10-24T21:00:00Z", 25),  # and back
        ("Asia/Beirut", "2026-03-29T10:00:00Z", "2026-03-28T22:00:00Z", 23),  # forward at midnight
    ],
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(zone, now, begin, hours):
    since, until = zones.today(clock.parse(now), zone)

    assert clock.iso(since) == begin
    assert until - since == timedelta(hours=hours)


def test_the_fifty_last_changed_outcomes_are_listed_alone_as_well(reader, database):
    with database.write() as session:
        for number in range(55):
            at = factories.NOON + timedelta(minutes=number)
            factories.outcome(session, customer_number=f"+9198000000{number:02}", changed_at=at)

    fragment = reader.get("/live")

    assert fragment.headers["X-As-Of"]
    html = fragment.get_data(as_text=True)
    assert html.count("data-key=") == 50
    assert html.index("+919800000054") < html.index("+919800000005")
    assert "+919800000004" not in html
    assert "<html" not in html


def test_parts_that_there_are_not_are_not_there(reader):
    assert reader.get("/live/secrets").status_code == 404


def test_what_a_dialer_sends_is_never_markup(reader, database):
    evil = '<script>alert("1")</script>'
    with database.write() as session:
        receipt = factories.receipt(session, body=evil.encode(), query=evil, headers={evil: evil}, detail=evil)
        bad = factories.receipt(session, body=evil.encode() + b"2", state="quarantined", reason="x", detail=evil)
        names = (
            "customer_name",
            "customer_number",
            "disposition",
            "notes",
            "agent_name",
            "campaign_name",
            "status_raw",
        )
        row = factories.outcome(
            session,
            connect_outcome="unknown",
            recording_url="javascript:alert(1)",
            custom_fields={evil: evil},
            started_at=clock.now(),
            **dict.fromkeys(names, evil),
        )
        factories.event(session, row, receipt, facts={"_word": evil, "custom_fields": {evil: evil}}, attempt=evil)

    for path in ("/", "/live", "/live/connections", "/calls", f"/calls/{row.id}", "/quarantine"):
        html = text(reader, path)
        assert "<script>" not in html, path
        assert 'href="javascript' not in html
    for one in (receipt, bad):
        assert "<script>" not in text(reader, f"/receipts/{one.id}")
    assert "&lt;script&gt;" in text(reader, f"/calls/{row.id}")


def test_every_connect_outcome_and_state_has_its_words():
    assert {sentences.tone(word) for word in CONNECT_OUTCOMES} == {"good", "open", "bad", "warn", "quiet"}
    assert all(sentences.settling(word, None, "UTC").endswith(".") for word in SETTLINGS)
    assert all(sentences.receipt_state(word).endswith(".") for word in STATES)


def test_the_page_of_a_connection(reader, database, at_ten_forty_five):
    with database.write() as session:
        row = factories.outcome(session, connect_outcome="unknown", status_raw="<NO-FORWARD>", started_at=NOW)
        desk = {
            "next_at": NOW,
            "failures": 1,
            "error_id": "credentials_refused",
            "error": "The dialer refuses the key.",
        }
        session.add(SendingDesk(connection="ryng-main", **desk))

    page = text(reader, "/connections/ryng-main")

    assert "&lt;NO-FORWARD&gt;" in page and f'href="/calls/{row.id}">call 1<' in page
    assert "sending leads: The dialer refuses the key." in page
    assert "It offers: callbacks" in page
    assert "wrapup renormalize --connection ryng-main" in page
    assert 'href="/connections/ryng-main"' in text(reader)


def test_leads_in_doubt_are_a_mark_a_sentence_and_what_to_do(reader, database, at_ten_forty_five):
    with database.write() as session:
        doubtful = factories.load(session, [{"state": "unknown", "settled_at": NOW - factories.minutes(15)}, "unknown"])
        factories.load(session, ["accepted"])

    said = "sending leads: 2 leads are in doubt, the oldest for 15 min: somebody has to decide"
    assert said in text(reader)
    page = text(reader, "/connections/ryng-main")
    assert said in page and f"<code>{doubtful.id}</code>" in page and "wrapup leads decide LOAD accepted" in page

    with database.write() as session:
        loads.decide(session, doubtful.id, "rejected")
    assert "in doubt" not in text(reader) + text(reader, "/connections/ryng-main")


def test_a_meaning_that_nobody_has_decided_is_a_dash_and_never_zero(reader, database, at_ten_forty_five):
    with database.write() as session:
        for _ in range(3):
            factories.outcome(session, disposition="Sale", started_at=NOW)
        factories.outcome(session, started_at=NOW)

    page = text(reader)

    assert all(tile(page, title).startswith("– Not known") for title in ("Contacts", "Contact rate", "Sales"))
    assert "Nobody has decided what the dispositions of these calls mean" in page
    assert '3 calls, 100.0 % of those with a disposition: 3 on <a href="/connections/ryng-main#words-title">' in page
    assert "1 word undecided on" in page
    words_page = text(reader, "/connections/ryng-main")
    assert "somebody has decided" not in words_page
    assert '<a href="/calls?connection=ryng-main&amp;unmapped=disposition:Sale"' in words_page


def test_without_dispositions_nothing_is_undecided(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.outcome(session, started_at=NOW)

    page = text(reader)

    assert all(tile(page, title).startswith("0 calls") for title in ("Contacts", "Sales"))
    assert "undecided" not in page
    assert "None: no word that was seen" in text(reader, "/connections/ryng-main")


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("status_raw", "NO-FORWARD"),
        ("hangup_cause", "by the: network & more"),
        ("disposition", "Не интересно +1"),
        ("event", "hold / whisper"),
    ],
)
def test_the_calls_of_a_word_are_as_many_as_it_says(reader, database, at_ten_forty_five, field, word):
    with database.write() as session:
        for number in range(3):
            said = {} if field in ("event", "disposition") else {"connect_outcome": "unknown"}
            row = factories.outcome(session, **said, **({} if field == "event" else {field: word}))
            if field == "event":
                told = factories.receipt(session, body=b"%d" % number)
                factories.event(session, row, told, kind="milestone", facts={"_word": word})
            factories.outcome(session)
    (link,) = re.findall(
        r'<td data-label="Calls" class="number"><a href="([^"]+)"[^>]*>3</a>', text(reader, "/connections/ryng-main")
    )
    listed = text(reader, html.unescape(link))
    assert listed.count("data-key=") == 3
    # The filter stays when the form is sent with another choice, and is told as one.
    assert f'<input type="hidden" name="unmapped" value="{html.escape(f"{field}:{word}")}">' in listed
    assert "undecided word: <bdi>" in listed


def test_values_that_nobody_can_read_lead_to_exactly_their_calls(reader, database, at_ten_forty_five):
    with database.write() as session:
        for number in range(3):
            row = factories.outcome(session)
            told = factories.receipt(session, body=b"%d" % number)
            factories.event(session, row, told, facts={"_unread": {"callEnded": "<b>soon</b>"}})
            factories.outcome(session)
    assert "1 field with values that nobody can read" in text(reader)
    page = text(reader, "/connections/ryng-main")
    assert "<bdi>&lt;b&gt;soon&lt;/b&gt;</bdi>" in page
    (link,) = re.findall(r'<a href="([^"]+unread=[^"]+)"[^>]*>3</a>', page)
    listed = text(reader, html.unescape(link))
    assert listed.count("data-key=") == 3
    assert "unread field: <bdi>" in listed
    (first, *_) = re.findall(r'<a href="([^"]+)">call 1</a>', page)
    assert "Could not be read: <code>callEnded</code>" in text(reader, html.unescape(first))


def test_a_connection_that_does_not_exist(reader):
    assert reader.get("/connections/made-up").status_code == 404


def test_a_silence_that_is_not_usual_is_a_trouble(reader, database, at_ten_forty_five):
    with database.write() as session:
        for seconds in range(360, 1560, 10):
            factories.receipt(session, received_at=NOW - timedelta(seconds=seconds))
    while callback_pace.learn(database, CONNECTIONS, NOW):
        continue

    page = text(reader)

    assert "last callback 6 min ago" in page
    said = "No callback for 6 min; 120 came in the 19 min before."
    assert f'<p class="trouble">{said} Does it place calls, and does it have the present callback URLs?</p>' in page
    assert '<span class="dot bad"></span>' in page
    scraped = reader.get("/metrics").get_data(as_text=True)
    assert 'wrapup_callback_silent{connection="ryng-main"} 1.0' in scraped
