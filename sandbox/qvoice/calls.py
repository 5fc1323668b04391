"""Plausible calls, leads and queues of a QVoice tenant, in the columns that its reports show."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

OURS = "+12125550100"  # what leads see
AGENTS = (
    {"ext": "1101", "first_name": "Marta", "last_name": "Vega", "email": "marta@example.test"},
    {"ext": "1102", "first_name": "Noor", "last_name": "Haddad", "email": "noor@example.test"},
    {"ext": "1103", "first_name": "Tomas", "last_name": "Lind", "email": "tomas@example.test"},
    {"ext": "1104", "first_name": "Zoë", "last_name": "Okafor", "email": "zoe@example.test"},
)
LEADS = (
    ("Ada", "Moreno"),
    ("Bruno", "Keller"),
    ("Carla", "Nuñez"),
    ("Dmitri", "Volkov"),
    ("Esther", "Ng"),
    ("Farid", "Aziz"),
)
LONGEST_CALL = 280  # seconds
AREAS = ("212", "206", "303", "312", "404", "415", "503", "617", "713", "808")
TALKED = {
    "Interested": ("Wants an offer", "Wants a visit"),
    "Call back later": ("Tomorrow", "Next month"),
    "Not interested": ("Too expensive", "Has one"),
    "Wrong number": (),
}
# How a call ends, how often of a hundred, and the hangup cause that stands in its row.
ENDS = (
    ("connected", 52, "NORMAL_CLEARING"),
    ("no_answer", 20, "NO_ANSWER"),
    ("busy", 9, "USER_BUSY"),
    ("abandoned", 6, "NORMAL_CLEARING"),
    ("rejected", 4, "CALL_REJECTED"),
    ("invalid_number", 4, "UNALLOCATED_NUMBER"),
    ("unreachable", 3, "SUBSCRIBER_ABSENT"),
    ("failed", 2, "NORMAL_TEMPORARY_FAILURE"),
)


@dataclass
class Campaign:
    id: str
    name: str
    leads: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "running"

    def callable(self, ended: float) -> list[dict[str, Any]]:
        """The leads of whom a call can have ended now: it cannot have begun before they were there."""
        return [lead for lead in self.leads.values() if lead["created"] <= ended - LONGEST_CALL]

    def totals(self) -> dict[str, Any]:
        by_status: dict[str, int] = {}
        for lead in self.leads.values():
            by_status[lead["status"]] = by_status.get(lead["status"], 0) + 1
        return {
            "name": self.name,
            "status": self.status,
            "total_leads": len(self.leads),
            "leads_by_status": by_status,
        }


def campaign(name: str, dice: random.Random, leads: int, created: int) -> Campaign:
    """A campaign with new leads."""
    found = Campaign(_hex(dice), name)
    for number in range(leads):
        first, last = dice.choice(LEADS)
        lead_id = _hex(dice)
        found.leads[lead_id] = {
            "created": created - number,
            "campaign_id": found.id,
            "number": f"+1{dice.choice(AREAS)}55501{dice.randrange(100):02d}",  # nobody's, by the numbering plan
            "status": "new",
            "retries": 3,
            "first_name": first,
            "last_name": last,
            "priority": dice.randrange(1, 6),
            "id": lead_id,
        }
    return found


def call(campaign: Campaign, dice: random.Random, ended: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the row of a call that has just ended, the columns that an agent fills later; empty where nobody talked). The lead
    takes the status that the call gives it."""
    end, cause = _end(dice)
    lead = dice.choice(campaign.callable(ended))
    lead["status"] = "success" if end == "connected" else "failed"
    agent = dice.choice(AGENTS)
    # Together LONGEST_CALL at most.
    rings, waits, talks = dice.randrange(4, 28), dice.randrange(1, 9), dice.randrange(15, 240)
    answered = end in ("connected", "abandoned")
    spent = rings + (waits if answered else 0) + (talks if end == "connected" else 0)
    start = ended - spent
    lead_answer = start + rings if answered else 0
    agent_answer = lead_answer + waits if end == "connected" else 0
    row = {
        "datetime": _go_time(start),
        "timestamp": int(start),
        "campaign_name": campaign.name,
        "campaign_type": "progressive",
        "lead_name": " ".join(filter(None, (lead.get("first_name"), lead.get("last_name")))),
        "lead_number": lead["number"],
        "lead_ticket_id": lead.get("ticket_id") or f"T-{_ticket(lead['number'])}",
        "caller_id_number": OURS,  # inferred: no page and no client names it among the columns of this report
        "agent_name": f"{agent['first_name']} {agent['last_name']}" if end == "connected" else "",
        "agent_extension": agent["ext"] if end == "connected" else "",
        "agent_talk_time": talks if end == "connected" else 0,
        "call_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "campaign_timestamps": {
            "lead_answer_time": lead_answer,
            "lead_hangup_time": ended,
            "agent_answer_time": agent_answer,
            "agent_hangup_time": ended if agent_answer else 0,
        },
        "answered_time": lead_answer,
        "hangup_cause": cause,
        "disposition": "recv_bye",
        "agent_disposition": "",
        "agent_subdisposition": None,
        "follow_up_notes": "",
        "lead_history": _history(agent, start, lead_answer, agent_answer, ended, cause),
    }
    return row, _recorded(dice) if end == "connected" else {}


def queue(name: str, dice: random.Random) -> dict[str, Any]:
    """A queue with all agents, as its status report shows it."""
    agents = [
        {
            "id": _hex(dice),
            "name": f"{agent['first_name']} {agent['last_name']}",
            "extension": agent["ext"],
            "extension_is_valid": True,
            "delay": 0,
            "timeout": 15,
            "logged_in": True,
            "status": "idle",
            "registered": True,
            "tags": [],
        }
        for agent in AGENTS
    ]
    counters = {"total_agents": len(agents), "logged_in_agents": len(agents), "logged_out_agents": 0}
    counters |= {"idle_agents": len(agents), "misconfigured_agents": 0, "agents_registered": len(agents)}
    known = {"id": _hex(dice), "name": name, "extension": "5601", "max_time_caller_in_queue": 120, "strategy": "single"}
    return known | {"agents": agents, "calls": {}} | counters | {"agents_on_call": 0}


def _end(dice: random.Random) -> tuple[str, str]:
    name = dice.choices([end for end, _, _ in ENDS], [often for _, often, _ in ENDS])[0]
    return next((end, cause) for end, _, cause in ENDS if end == name)


def _recorded(dice: random.Random) -> dict[str, Any]:
    word = dice.choice(list(TALKED))
    below = dice.choice(TALKED[word]) if TALKED[word] else None
    return {
        "agent_disposition": word,
        "agent_subdisposition": {"name": below, "subdisposition": None} if below else None,
        "follow_up_notes": dice.choice(("", "", "Asked for an e-mail.", "Speaks French.")),
    }


def _history(
    agent: dict, start: float, lead_answer: float, agent_answer: float, ended: float, cause: str
) -> list[dict]:
    tried = agent | {"status": "idle", "timeout": 20, "delay": 0, "device_endpoints": [], "type": "user"}
    steps = [{"event": "dial", "type": "dial lead", "last_attempt": start}]
    if lead_answer:
        steps.append({"event": "lead_answer", "type": "lead", "last_attempt": lead_answer})
        steps.append(
            {
                "agent": tried,
                "event": "campaign dial",
                "ext": agent["ext"],
                "last_attempt": lead_answer + 0.5,
                "type": "dial agent",
                "uuid": f"{int(start)}-clicktocall",
            }
        )
    if agent_answer:
        steps.append(
            {
                "agent": tried,
                "event": "agent_answer",
                "type": "agent",
                "ext": agent["ext"],
                "last_attempt": agent_answer,
            }
        )
    steps.append({"event": "lead_hangup", "type": "lead", "last_attempt": ended, "hangup_cause": cause})
    return steps


def _ticket(number: str) -> int:
    """A ticket number that belongs to the telephone number."""
    digits = [int(char) for char in number if char.isascii() and char.isdigit()]
    return sum(digit * place for place, digit in enumerate(digits, 1))


def _go_time(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


def _hex(dice: random.Random) -> str:
    return f"{dice.getrandbits(128):032x}"
