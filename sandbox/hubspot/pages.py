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
            calls = hubspot.calls()
            contacts = {one["id"]: one for one in hubspot.contacts()}
        latest: dict[str, int] = {}
        for place, call in enumerate(calls):
            latest |= {id_: place for id_ in call["contacts"]}
        order = sorted(contacts, key=lambda id_: latest.get(id_, -1), reverse=True)[:MOST]
        rows = Markup().join(
            Markup("<tr><td><a href='/contacts/{}/record/0-1/{}'>{}</a><td>{}<td>{}<td>{}").format(
                portal,
                id_,
                _name(contacts[id_]["properties"]),
                _number(contacts[id_]["properties"]),
                contacts[id_]["properties"].get("hs_lead_status", ""),
                len(contacts[id_]["calls"]),
            )
            for id_ in order
        )
        said = Markup("<p>{} calls, {} contacts; account {}. <small>This page renews itself.</small>").format(
            len(calls), len(contacts), portal
        )
        alone = sum(not call["contacts"] for call in calls)
        said += Markup("<p>{} calls stand on no contact.").format(alone) if alone else Markup()
        table = Markup("<table><tr><th>Contact<th>Phone<th>Lead status<th>Calls{}</table>").format(rows)
        return _page("HubSpot sandbox", said + table, renewed=True)

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
        "<p><a href='/'>All contacts</a><h1>{}</h1>{}</html>"
    ).format(again, title, _STYLE, title, content)


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
