"""What a schedule's mail and its file hold."""

import re
from dataclasses import replace
from datetime import timedelta

from tests.factories import load, outcome, receipt
from tests.schedules.rig import START, mails, parts, view

HOSTILE = '<script>alert(1)</script>" onload="x'


def test_the_mail_shows_the_figures_of_its_file_and_markup_is_text(engine, database, calls, box):
    with database.write() as session:
        for name in (HOSTILE, HOSTILE, "Renewals"):
            outcome(session, campaign_id=name[:20], campaign_name=name)
    engine.schedule(calls)
    engine.later(hours=7)
    (send,) = engine.run()
    (mail,) = mails(box)
    found = parts(mail)
    assert "<script>" not in found["text/html"] and "&lt;script&gt;alert(1)&lt;/script&gt;" in found["text/html"]
    assert "<bdi>2</bdi>" in found["text/html"] and HOSTILE in found["text/plain"]
    # The picture: bars of cells, as long as their values, each beside its own, and the finding as a sentence.
    assert re.findall(r'<td width="(\d+)"', found["text/html"]) == ["180", "90"]
    assert f"Most: {HOSTILE}, 2. Least: Renewals, 1." in found["text/plain"].splitlines()
    (attached,) = mail.iter_attachments()
    assert attached.get_filename().endswith("-20261118T070000Z.csv")
    rows = attached.get_content().splitlines()
    assert len(rows) == 3 and send.rows == 2 and sorted(row[-2:] for row in rows[1:]) == [",1", ",2"]


def test_a_mail_is_written_for_people_and_its_file_has_all_as_it_is(engine, database, box):
    """Times on the clocks of the view, a long text cut, rates and words as the report's page writes them."""
    with database.write() as session:
        outcome(session, started_at=START - timedelta(hours=4), notes="x" * 5_000)
        outcome(session, started_at=START - timedelta(hours=4), disposition="Sold", flags=["contact"])
        outcome(session, started_at=START - timedelta(hours=4), disposition="Odd")
    by_weekday = {"group_by": ["weekday"], "since": ["2026-11-17"], "compare": ["week"]}
    engine.schedule(view(database, report="contact_rate", query=by_weekday), name="Rates")
    query = {"columns": ["started_at,notes"], "tz": ["Asia/Kolkata"]}
    engine.schedule(view(database, kind="outcomes", report=None, query=query))
    engine.later(hours=7)
    engine.run()
    rates, found = parts(*mails(box, "Rates")), parts(*mails(box, "Daily"))
    for kind in ("text/plain", "text/html"):
        assert "Of 1 call it is not known what their dispositions mean" in rates[kind]
        assert "33.3 %" in rates[kind] and "Tue" in rates[kind] and "0.3333" not in rates[kind]
        assert (
            "2026-11-18 01:30:00 +0530" in found[kind] and f"{'x' * 199}…" in found[kind] and len(found[kind]) < 2_000
        )
    assert "x" * 5_000 in found["text/csv"] and "0.3333" in rates["text/csv"]


def test_a_mail_says_what_its_figures_lack(engine, database, calls, box):
    with database.write() as session:
        receipt(session, state="pending")
    engine.schedule(view(database))
    engine.schedule(view(database, kind="outcomes", report=None, query={}), name="List")
    engine.later(hours=7)
    engine.run()
    for name in ("Daily", "List"):
        said = parts(*mails(box, name))
        assert all("1 receipt waits to be read" in said[kind] for kind in ("text/plain", "text/html"))


def test_the_send_of_a_file_says_what_it_lacks(engine, database):
    """Nothing in it could; and nobody is told that it was refused."""
    own = {"name": "File", "to": None, "folder": ""}
    engine.schedule(view(database), **own)
    engine.later(hours=7)
    assert [(send.state, send.answer) for send in engine.run()] == [("sent", None)]
    with database.write() as session:
        receipt(session, state="pending")
    engine.later(hours=24)
    send = max(engine.run(), key=lambda one: one.due_at)
    assert (send.state, send.reason, send.tell_at) == ("sent", None, None)
    assert re.fullmatch(r"1 receipt waits to be read, the oldest for \d+ \w+: what is shown lacks them\.", send.answer)


def test_a_funnel_and_a_list_have_their_pictures_too(engine, database, box):
    before = START - timedelta(hours=2)
    with database.write() as session:
        lead = {"state": "accepted", "sent_at": before, "dialer_id": None}
        load(session, [lead | {"number": f"+91981234567{at}"} for at in range(4)], campaign="456")
        for at in range(3):
            own = {"customer_number": f"+91981234567{at}", "started_at": START - timedelta(hours=1), "lead_id": None}
            outcome(session, campaign_id="456", disposition="Sold", flags=["contact", "sale"][: at and 2], **own)
        outcome(session, callback_at=START - timedelta(minutes=30), started_at=before, lead_id="7")
    engine.schedule(view(database, report="penetration", query={"group_by": ["campaign"]}), name="Funnel")
    engine.schedule(view(database, report="callbacks", query={}), name="Promises")
    engine.schedule(view(database, report="attempts", query={}), name="Alone")
    engine.later(hours=7)
    engine.run()
    funnel, promises = parts(*mails(box, "Funnel")), parts(*mails(box, "Promises"))
    lines = funnel["text/plain"].splitlines()
    said = lines[lines.index("From the list to the sale") + 1]
    assert said == "Of 4 loaded leads: attempted 3, reached 2, sale 2."
    for text in ("Loaded leads", "4 · 100.0 %", "3 · 75.0 %", "2 · 50.0 %"):
        assert text in funnel["text/html"]
    assert re.findall(r'<td width="(\d+)"', funnel["text/html"]) == ["180", "135", "90", "90"]
    lines = promises["text/plain"].splitlines()
    assert "Most: overdue, 1. Least: due, 0." in lines and "1 row." in lines
    assert re.findall(r'<td width="(\d+)"', promises["text/html"]) == ["180"]
    assert "width=" not in parts(*mails(box, "Alone"))["text/html"]


def test_a_workbook_and_one_that_is_too_large(engine, database, calls, box):
    engine.schedule(calls, format="xlsx")
    engine.later(hours=7)
    engine.run()
    (attached,) = mails(box)[0].iter_attachments()
    assert attached.get_content()[:2] == b"PK"
    engine.settings = replace(engine.settings, most_bytes=10)
    engine.later(days=1)
    assert engine.run()[1].state == "sent"
    mail = mails(box)[1]
    assert list(mail.iter_attachments()) == [] and "bytes; one in a mail has 10 at most" in parts(mail)["text/plain"]


def test_too_many_rows_for_a_file(engine, database, calls, box):
    with database.write() as session:
        for number in range(3):
            outcome(session, campaign_id=str(number), campaign_name=f"Campaign {number}")
    engine.settings = replace(engine.settings, most_rows=2)
    engine.schedule(calls)
    engine.later(hours=7)
    (send,) = engine.run()
    mail = mails(box)[0]
    assert list(mail.iter_attachments()) == [] and "More than 2 rows" in parts(mail)["text/plain"]
    assert (send.state, send.rows) == ("sent", None)
