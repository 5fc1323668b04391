"""Fields of the modules, as an account has them that nobody has changed."""

from collections.abc import Mapping, Sequence
from typing import Any

STATUSES = ("Not Contacted", "Attempted to Contact", "Contacted", "Contact in Future", "Lost Lead", "Junk Lead")
RESULTS = (
    "Interested",
    "Not interested",
    "No response/Busy",
    "Requested more info",
    "Requested call back",
    "Invalid number",
)
TYPES = ("Outbound", "Inbound", "Missed")
Row = dict[str, Any]
_OF_PEOPLE: Mapping[str, str] = {
    "Last_Name": "text",
    "First_Name": "text",
    "Full_Name": "text",
    "Email": "email",
    "Phone": "phone",
    "Mobile": "phone",
    "Description": "textarea",
    "Owner": "ownerlookup",
    "Email_Opt_Out": "boolean",
}
OWN: Mapping[str, Mapping[str, str]] = {
    "Leads": {**_OF_PEOPLE, "Company": "text", "No_of_Employees": "integer", "Annual_Revenue": "currency"},
    "Contacts": {**_OF_PEOPLE, "Home_Phone": "phone", "Account_Name": "lookup"},
    "Calls": {
        "Subject": "text",
        "Call_Start_Time": "datetime",
        "Call_Duration": "text",
        "Call_Duration_in_seconds": "integer",
        "Description": "textarea",
        "Owner": "ownerlookup",
        "Who_Id": "lookup",
        "What_Id": "lookup",
        "Dialled_Number": "text",
        "Caller_ID": "text",
        "Created_Time": "datetime",
    },
}
OPTIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "Leads": {"Lead_Status": STATUSES},
    "Contacts": {},
    "Calls": {"Call_Type": TYPES, "Call_Result": RESULTS, "Call_Purpose": ("Prospecting", "Demo")},
}
READ_ONLY = ("Full_Name", "Call_Duration_in_seconds", "Created_Time")


def own() -> dict[str, dict[str, Row]]:
    found = {module: {name: row(name, type_) for name, type_ in fields.items()} for module, fields in OWN.items()}
    for module, lists in OPTIONS.items():
        found[module] |= {name: row(name, "picklist", options) for name, options in lists.items()}
    return found


def row(name: str, type_: str, options: Sequence[str] | None = None, unique: bool = False, custom: bool = False) -> Row:
    """As ``GET /settings/fields`` shows it, in part."""
    listed = [{"display_value": "-None-", "actual_value": "-None-"}] if options else []
    listed += [{"display_value": one, "actual_value": one} for one in options or ()]
    return {
        "api_name": name,
        "field_label": name.replace("_", " "),
        "data_type": type_,
        "custom_field": custom,
        "unique": {"casesensitive": "false"} if unique else {},
        "read_only": name in READ_ONLY,
        "field_read_only": name in READ_ONLY,
        "operation_type": {"api_create": name not in READ_ONLY, "api_update": name not in READ_ONLY},
        "pick_list_values": listed,
        "length": 255,
    }
