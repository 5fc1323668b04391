"""Ringostat's calls as its log writes them: columns, made by dice."""

import random
from typing import Any

COLUMNS = (
    "uniqueid calldate call_type caller caller_number dst disposition duration duration_ms billsec waittime connected_with "
    "call_counter proper_flag repeated_flag pool_name scheme_name department employee_number employee_mark employee_fio "
    "category_number category_mark additional_number call_card client_id remote_ip refferrer landing utm_source utm_medium "
    "utm_campaign utm_content utm_term has_recording recording recording_wav missing_reason"
).split()
KNOWN_AT_THE_END = (
    "disposition",
    "duration",
    "billsec",
    "waittime",
    "recording",
    "recording_wav",
    "has_recording",
    "call_card",
    "employee_mark",
    "category_mark",
)
AGENTS = {"olena": "Olena Koval", "taras": "Taras Bondar", "iryna": "Iryna Shevchuk"}
OURS = "380440000000"
TALKED = ("ANSWERED", "PROPER", "REPEATED")
NOT = ("NO ANSWER", "BUSY", "FAILED", "NO-FORWARD", "VOICEMAIL", "CLIENT NO ANSWER", "DECLINE")
CARDS = ("Sale", "Call back later", "Not interested", "")


def call(dice: random.Random) -> dict[str, Any]:
    """The columns of a call."""
    kind = dice.choice(("in", "in", "out", "out", "out", "callback"))
    login = dice.choice(list(AGENTS))
    talked = dice.random() < 0.65
    wait, talk = dice.randint(2, 25), dice.randint(10, 300) if talked else 0
    customer = f"38067{dice.randint(1_000_000, 9_999_999)}"
    columns = {
        "call_type": kind,
        "disposition": dice.choice(TALKED if talked else NOT),
        "billsec": talk,
        "waittime": wait,
        "duration": wait + talk,
        "employee_fio": AGENTS[login] if talked or kind == "out" else "",
        "department": "Sales",
        "scheme_name": "Working hours",
        "proper_flag": int(talk > 60),
        "repeated_flag": 0,
        "call_card": dice.choice(CARDS) if talked else "",
        "utm_source": dice.choice(("google", "email", "")),
        "has_recording": int(talked),
        "recording": f"https://recordings.example.test/{dice.getrandbits(48):x}.mp3" if talked else "",
    }
    if kind == "out":
        return columns | {"caller": f'"{login}" <{login}>', "caller_number": OURS, "dst": customer}
    return columns | {"caller": customer, "dst": OURS, "connected_with": login if talked else ""}


def lasting(columns: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The same as a call that lasts so long."""
    whole = max(1, round(seconds))
    wait = min(columns["waittime"], whole // 3) if columns["billsec"] else whole
    return columns | {"waittime": wait, "billsec": whole - wait, "duration": whole}


def outgoing(columns: dict[str, Any], number: str, dice: random.Random) -> dict[str, Any]:
    """The same as a call to this number."""
    login = dice.choice(list(AGENTS))
    told = {name: value for name, value in columns.items() if name != "connected_with"}
    who = {"caller": f'"{login}" <{login}>', "caller_number": OURS, "dst": number, "employee_fio": AGENTS[login]}
    return told | {"call_type": "out"} | who
