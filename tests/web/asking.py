"""What several modules ask of the API."""

LEADS = "/api/v1/campaigns/{}/{}/leads"  # of a connection, and a campaign there


def numbers(*given: str) -> dict:
    """A list of leads."""
    return {"leads": [{"number": number} for number in given]}


def answered(reader, name, **query):
    """What the report says; 200 is expected."""
    answer = reader.get(f"/api/v1/reports/{name}", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json
