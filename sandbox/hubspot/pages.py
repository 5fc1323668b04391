"""What a person sees in a browser: contacts with their calls, and each of them on a page of its own."""

from flask import Flask
from markupsafe import Markup

from sandbox.hubspot.account import Hubspot

MOST = 200  # contacts on the first page, those with the latest calls first
_STYLE = Markup(
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#213343}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #dfe3eb}"
    "a{color:#00695c}small{color:#516f90}"
)


def install(app: Flask, hubspot: Hubspot) -> None:
    portal = hubspot.portal_id

    @app.get("/")
    def first_page():
        with hubspot.lock:
            calls = {call["id"]: call for call in hubspot.calls()}
            contacts = hubspot.contacts()
        order = {id_: place for place, id_ in enumerate(calls)}
        shown = [
            (max(one["calls"], key=order.__getitem__, default=None), one) for one in contacts if not one["archived"]
        ]
        shown.sort(key=lambda pair: -1 if pair[0] is None else order[pair[0]], reverse=True)
        rows = Markup().join(
            Markup("<tr><td><a href='/contacts/{}/record/0-1/{}'>{}</a><td>{}<td>{}<td>{}<td>{}").format(
                portal,
                one["id"],
                _name(one["properties"]),
                _number(one["properties"]),
                one["properties"].get("hs_lead_status", ""),
                len(one["calls"]),
                "" if latest is None else _link(portal, latest, calls[latest]["properties"]),
            )
            for latest, one in shown[:MOST]
        )
        said = Markup("<p>{} calls, {} contacts; account {}. <small>This page renews itself.</small>").format(
            len(calls), len(shown), portal
        )
        alone = sum(not call["contacts"] for call in calls.values())
        said += Markup("<p>On no contact: {}.").format(alone) if alone else Markup()
        head = Markup("<tr><th>Contact<th>Phone<th>Lead status<th>Calls<th>The last one")
        return _page("HubSpot sandbox", said + Markup("<table>{}{}</table>").format(head, rows), renewed=True)

    @app.get("/contacts/<int:portal_id>/record/0-1/<id_>")
    def contact_page(portal_id: int, id_: str):
        with hubspot.lock:
            record = hubspot.records["contacts"].found.get(id_)
            if record is None:
                return _page("No such contact", Markup("<p>It may have been deleted.")), 404
            calls = [
                hubspot.records["calls"].found[call] for call, _ in hubspot.associations.of(("contacts", id_), "calls")
            ]
            statuses = hubspot.statuses(id_)
        rows = Markup().join(
            Markup("<tr><td><a href='/contacts/{}/record/0-48/{}'>{}</a><td>{}<td>{}<td>{}").format(
                portal,
                one.id,
                one.properties.get("hs_timestamp", ""),
                one.properties.get("hs_call_title", ""),
                _disposition(hubspot, one.properties),
                one.properties.get("hs_call_status", ""),
            )
            for one in sorted(calls, key=lambda one: one.properties.get("hs_timestamp", ""), reverse=True)
        )
        table = Markup("<table><tr><th>When<th>Call<th>Disposition<th>Status{}</table>").format(rows)
        history = Markup("<p>Lead status, as it was written: {}").format(" → ".join(statuses) or "never")
        return _page(_name(record.properties), history + table + _properties(record.properties))

    @app.get("/contacts/<int:portal_id>/record/0-48/<id_>")
    def call_page(portal_id: int, id_: str):
        with hubspot.lock:
            record = hubspot.records["calls"].found.get(id_)
            if record is None:
                return _page("No such call", Markup("<p>It may have been deleted.")), 404
            beside = [one for one, _ in hubspot.associations.of(("calls", id_), "contacts")]
            names = [(one, _name(hubspot.records["contacts"].found[one].properties)) for one in beside]
        on = Markup(", ").join(
            Markup("<a href='/contacts/{}/record/0-1/{}'>{}</a>").format(portal, one, name) for one, name in names
        )
        gone = Markup("<p>It was deleted.") if record.archived_at is not None else Markup()
        said = Markup("<p>On the record of {}; written {} times.").format(on or "nobody", record.times_written)
        return _page(record.properties.get("hs_call_title") or "Call", gone + said + _properties(record.properties))


def _page(title: str, content: Markup, renewed: bool = False) -> str:
    again = Markup("<meta http-equiv='refresh' content='3'>") if renewed else Markup()
    return Markup(
        "<!doctype html><html lang='en'><meta charset='utf-8'>{}<title>{}</title><style>{}</style>"
        "{}<h1>{}</h1>{}</html>"
    ).format(again, title, _STYLE, Markup() if renewed else Markup("<p><a href='/'>All contacts</a>"), title, content)


def _link(portal: int, id_: str, found: dict[str, str]) -> Markup:
    title = found.get("hs_call_title") or "Call"
    return Markup("<a href='/contacts/{}/record/0-48/{}'>{}</a>").format(portal, id_, title)


def _properties(found: dict[str, str]) -> Markup:
    rows = Markup().join(
        Markup("<tr><td>{}<td>{}").format(name, value) for name, value in sorted(found.items()) if value
    )
    return Markup("<h2>Properties</h2><table>{}</table>").format(rows)


def _name(found: dict[str, str]) -> str:
    return (
        f"{found.get('firstname', '')} {found.get('lastname', '')}".strip()
        or found.get("email")
        or found["hs_object_id"]
    )


def _number(found: dict[str, str]) -> str:
    return found.get("phone") or found.get("mobilephone") or ""


def _disposition(hubspot: Hubspot, found: dict[str, str]) -> str:
    known = hubspot.properties["calls"].get("hs_call_disposition")
    value = found.get("hs_call_disposition", "")
    return known.options.get(value, value) if known is not None else value
