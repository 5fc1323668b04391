"""Routes of calls and contacts: batches, single records, search, and what stands beside them."""

from flask import Flask, Response, g, request

from sandbox.hubspot import asked, shapes
from sandbox.hubspot.account import KINDS, Hubspot
from sandbox.hubspot.asked import answered
from sandbox.hubspot.associations import TYPE_IDS
from sandbox.hubspot.batches import Batch
from sandbox.hubspot.beside import Beside
from sandbox.hubspot.records import Record, shown
from sandbox.hubspot.refusals import VALIDATION, Refusal, not_found
from sandbox.hubspot.searching import search

BASE = "/crm/objects/2026-09"
MOST_LISTED = 100
ASSOCIATIONS = "/crm/associations/2026-09/<source>/<target>/batch"


def install(app: Flask, hubspot: Hubspot) -> None:
    def batch(kind: str) -> Batch:
        if kind not in KINDS:
            raise Refusal(400, VALIDATION, f"Unable to infer object type from: {kind}", wrong=True)
        return Batch(hubspot, KINDS[kind], g.faults, page(hubspot, KINDS[kind]))

    def there(kind: str, id_: str) -> tuple[Batch, Record]:
        many = batch(kind)
        found = many.records.by(request.args.get("idProperty"), id_)
        if found is None or found.id in many.gone:
            raise not_found(many.kind, id_)
        return many, found

    @app.post(f"{BASE}/<kind>/batch/<verb>")
    def batches(kind: str, verb: str):
        many = batch(kind)
        if verb not in shapes.OBJECTS:
            raise Refusal(404, "NOT_FOUND", f"There is no batch/{verb}", wrong=True)
        asked.only("archived") if verb == "read" else asked.only()
        given = asked.body(shapes.OBJECTS[verb])
        if verb == "read":
            body = many.read(given, asked.truth("archived"))
        elif verb == "archive":
            many.archive(given["inputs"])
            return Response(status=204)
        else:
            body = many.write(verb, given["inputs"])
        return answered(body[1], body[0])

    @app.post(f"{BASE}/<kind>/search")
    def found(kind: str):
        many = batch(kind)
        given = asked.body(shapes.search, shapes.MOST_CHARACTERS)
        late = float(g.faults.get("search_delay") or hubspot.search_delay)
        try:
            with hubspot.lock:
                total, page_of, after = search(many.records, given, late, "lists_find_nothing" in g.faults)
                results = [
                    shown(one, given["properties"], many.kind, many.url) for one in page_of if one.id not in many.gone
                ]
        except KeyError as error:
            raise Refusal(
                400, VALIDATION, f"There was a problem with the request. No property {error.args[0]}"
            ) from None
        paging = {} if after is None else {"paging": {"next": {"after": after}}}
        return answered({"total": total, "results": results, **paging})

    @app.post(f"{BASE}/<kind>")
    def create(kind: str):
        return answered(batch(kind).create(asked.body(shapes.NEW)), 201)

    @app.get(f"{BASE}/<kind>")
    def listed(kind: str):
        asked.only("limit", "after", "properties", "propertiesWithHistory", "associations", "archived")
        many, most = batch(kind), int(request.args.get("limit", "10"))
        if not 1 <= most <= MOST_LISTED:
            raise Refusal(400, VALIDATION, f"limit must be 1 to {MOST_LISTED}", wrong=True)
        with hubspot.lock:
            wanted = asked.truth("archived")
            found = [one for one in many.records.found.values() if (one.archived_at is not None) == wanted]
            found = sorted(found, key=lambda one: int(one.id))
            after = int(request.args.get("after", "0"))
            rest = [one for one in found if int(one.id) > after]
            results = [shown(one, asked.names("properties"), many.kind, many.url) for one in rest[:most]]
        paging = {"paging": {"next": {"after": rest[most - 1].id}}} if len(rest) > most else {}
        return answered({"results": results, **paging})

    @app.get(f"{BASE}/<kind>/<id_>")
    def read(kind: str, id_: str):
        asked.only("properties", "propertiesWithHistory", "associations", "archived", "idProperty")
        many = batch(kind)
        record = many.records.found.get(id_) if asked.truth("archived") else there(kind, id_)[1]
        if record is None:
            raise not_found(kind, id_)
        with hubspot.lock:
            body = shown(record, asked.names("properties"), many.kind, many.url, asked.names("propertiesWithHistory"))
            wanted = [KINDS[name] for name in asked.names("associations") if name in KINDS]
            beside = {name: hubspot.associations.of((many.kind, record.id), name) for name in wanted}
        if wanted:
            types = f"{many.kind[:-1]}_to_%s"
            body["associations"] = {
                name: {"results": [{"id": one, "type": types % name[:-1]} for one, _ in those]}
                for name, those in beside.items()
                if those
            }
        return answered(body)

    @app.patch(f"{BASE}/<kind>/<id_>")
    def update(kind: str, id_: str):
        asked.only("idProperty")
        given = asked.body(shapes.ONE)
        many, record = there(kind, id_)
        return answered(many.update(record, given["properties"]))

    @app.delete(f"{BASE}/<kind>/<id_>")
    def archive(kind: str, id_: str):
        hubspot.archive(batch(kind).kind, id_)
        return Response(status=204)

    @app.post("/crm/v3/objects/contacts/gdpr-delete")
    def erase():
        given = asked.body(shapes.ERASED)
        record = batch("contacts").records.by(given.get("idProperty"), given["objectId"])
        if record is None:
            raise not_found("contacts", given["objectId"])
        hubspot.erase(record.id)
        return Response(status=204)

    # Associations -----------------------------------------------------------------------------------------------------
    @app.post(f"{ASSOCIATIONS}/<path:verb>")
    def associate(source: str, target: str, verb: str):
        beside = Beside(hubspot, source, target, g.faults)
        if verb not in shapes.ASSOCIATIONS:
            raise Refusal(404, "NOT_FOUND", f"There is no batch/{verb}", wrong=True)
        inputs = asked.body(shapes.ASSOCIATIONS[verb])["inputs"]
        do = {"read": beside.read, "archive": beside.archive}.get(verb, beside.create)
        status, body = do(inputs)
        return answered(body, status)

    @app.put(f"{BASE}/<source>/<id_>/associations/<target>/<other>")
    def put(source: str, id_: str, target: str, other: str):
        beside = Beside(hubspot, source, target, g.faults)
        beside.put(id_, other, asked.body(shapes.SPECS))
        return answered(beside.labels(id_, other), 201)

    @app.put(f"{BASE}/<source>/<id_>/associations/default/<target>/<other>")
    def put_default(source: str, id_: str, target: str, other: str):
        beside = Beside(hubspot, source, target, g.faults)
        status, body = beside.create([{"from": {"id": id_}, "to": {"id": other}}])
        return answered(body, status)

    @app.delete(f"{BASE}/<source>/<id_>/associations/<target>/<other>")
    def remove(source: str, id_: str, target: str, other: str):
        Beside(hubspot, source, target, g.faults).remove(id_, other)
        return Response(status=204)


def page(hubspot: Hubspot, kind: str) -> str:
    """Where people look at a record of the kind, without its id."""
    return f"{request.host_url}contacts/{hubspot.portal_id}/record/{TYPE_IDS[kind]}/"
