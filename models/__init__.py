"""The tables. Everything that Wrapup knows is in them; the processes around them keep nothing."""

from models.access import ApiKey, SignIn
from models.alerting import AlertState
from models.audit import Audit
from models.base import Base
from models.callback_pace import CallbackHour, CallbackPace
from models.calls import CallEvent, CallGroup, CallKey, CallOutcome, ChangeFeed, FeedStart
from models.decisions import Decision
from models.deliveries import Delivery, DestinationState, DestinationTokens, PortalBudget
from models.erasures import Erasure
from models.leads import CampaignName, CampaignStatus, Lead, LeadStatus, QueueStatus
from models.loads import LeadLoad, LoadedLead, SendingDesk
from models.polls import PollCursor
from models.receipts import KnownToken, Receipt
from models.retention import Kept
from models.schedules import Schedule, ScheduledSend
from models.strangers import StrangerQuota, StrangerShare
from models.suppressions import Suppression
from models.take_outs import TakeOut
from models.views import ExportLink, View
from models.worker_beats import WorkerBeat

__all__ = [
    "AlertState",
    "ApiKey",
    "Audit",
    "Base",
    "CallEvent",
    "CallGroup",
    "CallKey",
    "CallOutcome",
    "CallbackHour",
    "CallbackPace",
    "CampaignName",
    "CampaignStatus",
    "ChangeFeed",
    "Decision",
    "Delivery",
    "DestinationState",
    "DestinationTokens",
    "Erasure",
    "ExportLink",
    "FeedStart",
    "Kept",
    "KnownToken",
    "Lead",
    "LeadLoad",
    "LeadStatus",
    "LoadedLead",
    "PollCursor",
    "PortalBudget",
    "QueueStatus",
    "Receipt",
    "Schedule",
    "ScheduledSend",
    "SendingDesk",
    "SignIn",
    "StrangerQuota",
    "StrangerShare",
    "Suppression",
    "TakeOut",
    "View",
    "WorkerBeat",
]
