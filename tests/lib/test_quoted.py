"""Quoted-printable: a number is found in it and taken out, and a parameter that looks like it stays one."""

import base64
import json
import quopri

import pytest

from lib import quoted
from lib.phone_spellings import Spellings

KYIV = Spellings("+380501234567")
MAIL = "Content-Transfer-Encoding: quoted-printable\r\n\r\n"


@pytest.mark.parametrize(
    "written",
    [
        "Tel: =2B380501234567",
        "Tel: =2B38050=\r\n1234567",
        "Tel: =2B38 (050) 123=\n-45-67",
        "Tel:=20380501234567, =D0=9E=D0=BB",
        "050=C2=A0123=C2=A045=C2=A067",
        "050=E2=80=91123=E2=80=9145=E2=80=9167",
        MAIL + "=20380501234567",
        MAIL + "=30=35=30=31=32=33=34=35=36=37",
        "05012345=  \r\n67",
        "050=\r\n12=\r\n34=\r\n567",
        "=D9=A0=D9=A5=D9=A0=D9=A1=D9=A2=D9=A3=D9=A4=D9=A5=D9=A6=D9=A7",
        json.dumps({"mail": "Call =2B38050=\r\n1234567 =22now=22 =5C", "o": 1}),
        json.dumps({"mail": json.dumps({"mail": "Call 05012=\r\n34567", "o": 1}), "o": 1}),
        '{"mail": "Call 05012\\u003d\\r\\n34567", "o": 1}',
        "body=Call+05012%3D%0D%0A34567&o=1",
        "https://a.example/?d=3D" + base64.b64encode(b'{"t":"0501234567"}').decode() + "=E2=80=91",
        "d=3DeyJ0IjoiMDUwMTIz=\r\nNDU2NyJ9=20",  # base64 within it
    ],
)
def test_a_number_is_found_and_taken_out(written):
    assert KYIV.within_bytes(written.encode()), quoted.read(written)
    left = KYIV.blotted_bytes(written.encode())
    assert not KYIV.within_bytes(left)
    if written.startswith("{"):
        assert json.loads(left)["o"] == 1


@pytest.mark.parametrize("end", range(60, 76))
def test_a_line_may_end_anywhere_in_the_number(end):
    body = quopri.encodestring(f"{'é' * 3}{'x' * (end - 18)}+380 (50) 123-45-67 Олена\n".encode())
    assert b"=\n" in body
    assert KYIV.within_bytes(body) and not KYIV.within_bytes(KYIV.blotted_bytes(body))


@pytest.mark.parametrize("other", ["n=20501234567&m=48501234567", "n=30501234567", "a=2B&n=48501234567", "a=CAFE=="])
def test_a_parameter_is_read_as_what_it_is(other):
    """Of Egypt and Poland."""
    assert not KYIV.within_bytes(other.encode()) and KYIV.blotted_bytes(other.encode()) == other.encode()


def test_what_is_not_the_number_stays_as_it_was():
    body = MAIL.encode() + quopri.encodestring("Олена, 067 111 22 33\n".encode() * 9)
    assert KYIV.blotted_bytes(body) == body


def test_of_json_its_own_signs_stay_escaped():
    assert quoted.read("=\r\n=22=5C=0D=0A=00=C3=A9=09=3D") == "=22=5C=0D=0A=00é ="
