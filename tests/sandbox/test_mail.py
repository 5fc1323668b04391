"""What the mail server of the sandbox keeps for people to look at."""

from email.message import EmailMessage

from sandbox.mail.__main__ import _keep


def test_a_mails_page_and_its_file_lie_beside_it(tmp_path):
    mail = EmailMessage()
    mail["Subject"] = "Sales"
    mail.set_content("in words")
    mail.add_alternative("<p>Zoë</p>\n", subtype="html")
    mail.add_attachment("day,Zoë\n".encode(), maintype="text", subtype="csv", filename="../Sales.csv")
    _keep(tmp_path / "mails", mail)
    whole, page, file = (next((tmp_path / "mails").glob(f"*.{end}")) for end in ("eml", "html", "csv"))
    assert b"Subject: Sales" in whole.read_bytes()
    assert page.read_text(encoding="utf-8") == "<p>Zoë</p>\n"
    assert (file.read_bytes(), file.name) == ("day,Zoë\n".encode(), f"{page.stem}-Sales.csv")
