"""The page of the audit log: only for who may everything; what was done is told in words, not in a program's."""

import html

from models import audit

URL = "/audit"


def test_it_says_what_was_done_and_by_whom(admin, reader, database):
    assert reader.get(URL).status_code == 403
    with database.write() as session:
        details = {"networks": ["10.0.0.0/8", "::1"], "old": {"a": True}}
        audit.note(session, "key.create", subject="Power BI", details=details, by=audit.Actor("priya", "cli"))
    page = html.unescape(admin.get(f"{URL}?act=key.create").get_data(as_text=True))
    assert "Power BI" in page and "10.0.0.0/8, ::1" in page and '{"a": true}' in page
    assert "Nothing of the kind is noted." in admin.get(f"{URL}?act=poll.now").get_data(as_text=True)
    assert admin.get(f"{URL}?since=yesterday").status_code == 422
