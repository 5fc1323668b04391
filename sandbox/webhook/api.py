"""The receiver's HTTP side: one address for events, a page for people, and ``/sandbox/...`` to look behind the scenes."""

from flask import Flask, Response, g, jsonify, request
from markupsafe import Markup

from sandbox import faults, wire
from sandbox.faults import plain
from sandbox.server import Application
from sandbox.webhook.receiver import OWN_ANSWERS, Receiver

PATH = "/webhook"
MOST = 200  # outcomes on the page


def create_app(receiver: Receiver) -> Flask:
    """The WSGI application of one receiver."""
    app = Application("webhook-sandbox")
    faults.install(
        app, receiver.faults, lambda response: receiver.noted(response.status_code, g.faults), spared=_is_ours
    )

    @app.before_request
    def guard():
        if _is_ours(request.path):
            return None
        wire.delayed(g.faults)
        return next((plain(*OWN_ANSWERS[name]) for name in OWN_ANSWERS if name in g.faults), None)

    @app.after_request
    def after(response: Response):
        return response if _is_ours(request.path) else wire.spoiled(response, g.faults)

    @app.post(PATH)
    def take():
        status, why = receiver.take({name.lower(): value for name, value in request.headers}, request.get_data())
        if status == 200 and "html_after" in g.faults:
            return plain(200, "<!doctype html><title>Welcome</title>")
        return plain(status, f'{{"message":"{why}"}}')

    @app.get("/")
    def page():
        found = list(receiver.by_outcome().items())
        rows = Markup().join(
            Markup("<tr><td>{}<td>{}<td>{}<td>{}").format(
                events[-1].outcome.get("customer_number") or outcome_id,
                events[-1].outcome.get("disposition") or events[-1].outcome.get("connect_outcome") or "",
                ", ".join(f"{event.type.rpartition('.')[2]} ({event.revision})" for event in events),
                sum(receiver.times[event.id] for event in events),
            )
            for outcome_id, events in reversed(found[-MOST:])
        )
        return Markup(
            "<!doctype html><html lang='en'><meta charset='utf-8'><meta http-equiv='refresh' content='3'><title>Webhooks</title>"
            "<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto}}"
            "td,th{{text-align:left;padding:.3rem .6rem}}</style>"
            "<h1>Webhooks</h1><p>{} outcomes, {} events. This page renews itself.<table>"
            "<tr><th>Customer<th>Outcome<th>Events (revision)<th>Came{}</table></html>"
        ).format(len(found), len(receiver.events), rows)

    @app.route("/sandbox/trap", methods=["GET", "POST"])
    def trap():
        """Where the fault ``redirect`` may lead: nobody should come."""
        receiver.trapped += 1
        return jsonify(trapped=receiver.trapped)

    @app.post("/sandbox/secrets")
    def secrets():
        """``{"secrets": ["whsec_..."]}``: those that are good from now on."""
        try:
            receiver.set_secrets(request.get_json()["secrets"])
        except ValueError as error:
            return jsonify(message=str(error)), 400
        return jsonify(secrets=len(request.get_json()["secrets"]))

    @app.delete("/sandbox/events")
    def forget():
        receiver.forget()
        return jsonify(events=0)

    @app.get("/sandbox/ledger")
    def ledger():
        """With ``?events=0`` without the events."""
        shown = (
            {}
            if request.args.get("events") == "0"
            else {
                outcome_id: [
                    {
                        "id": event.id,
                        "type": event.type,
                        "revision": event.revision,
                        "changed_fields": event.changed_fields,
                        "signatures": event.signatures,
                        "times": receiver.times[event.id],
                        "outcome": event.outcome,
                    }
                    for event in events
                ]
                for outcome_id, events in receiver.by_outcome().items()
            }
        )
        return jsonify(
            outcomes=shown,
            events=len(receiver.events),
            repeats=receiver.repeats(),
            altered=receiver.altered,
            backwards=receiver.backwards,
            requests=receiver.requests,
            answers={str(status): count for status, count in receiver.answers.items()},
            faults=receiver.struck,
            trapped=receiver.trapped,
            wrong_requests=list(receiver.wrong),
        )

    return app


def _is_ours(path: str) -> bool:
    """Of the sandbox, or the page for people: nothing spoils it."""
    return path == "/" or path.startswith(("/sandbox", "/favicon"))
