"""Leads, deals, contacts and companies: found by a reference or by a number, read as texts, changed as what each field is."""

import pytest

from crm.base import Change, Done, NotSetUp, Refused, Unknown, Whom
from crm.bitrix24 import records, rows, searching, settable
from sandbox.bitrix24.account import RATING
from tests.crm.bitrix24.stage import stage
from tests.crm.samples import ASHA

NUMBER = Whom("number", ASHA)


def ids(found) -> list[list[str]]:
    return [[one.id for one in some] for some in found]


def changed(account, record: str, **fields: str):
    (result,) = records.change(account.client, [Change("t", record, fields)])
    return result


# Found ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "written", [ASHA, "+91 98100 12345", "098100 12345", "9810012345", "09810012345", "919810012345"]
)
def test_a_lead_is_found_by_its_number_however_it_was_typed_in(written):
    with stage() as account:
        lead = account.portal.add(name="Asha", lastName="Rao", phone=written)
        account.portal.add(phone="+919810099999")
        ((one,),) = records.find(account.client, [NUMBER])
        assert (one.id, one.name, one.numbers) == (lead, "Asha Rao", (written,))
        assert one.url == f"{account.client.portal}/crm/lead/details/{lead}/"


def test_many_numbers_are_one_request_and_everybody_who_has_one_is_found():
    with stage({"records": "contacts"}) as account:
        both = [account.portal.add("contacts", phone=phone) for phone in (ASHA, "+12025550100,9810012345")]
        account.portal.add("leads", phone=ASHA)
        wanted = [NUMBER, Whom("number", "+12025550100"), Whom("number", "+12025550199")]
        assert ids(records.find(account.client, wanted)) == [both, [both[1]], []]
        assert account.asked("findbycomm") == 1


def test_a_number_is_asked_for_in_no_more_ways_than_bitrix24_takes():
    assert searching.ways("+74951234567") == list(dict.fromkeys(searching.ways("+74951234567")))
    assert "+74951234567" in searching.ways("+74951234567")
    assert len(searching.ways(ASHA)) <= 20


@pytest.mark.parametrize(("kind", "link"), [("contacts", "contactId"), ("companies", "companyId")])
def test_open_deals_are_found_by_the_numbers_of_whom_they_belong_to(kind, link):
    with stage({"records": "deals", "category_id": 0}) as account:
        holder = int(account.portal.add(kind, phone=ASHA))
        deal = account.portal.add("deals", **{link: holder})
        account.portal.add("deals", closed="Y", **{link: holder})
        account.portal.add("deals", categoryId=5, stageId="C5:NEW", **{link: holder})
        ((one,),) = records.find(account.client, [NUMBER])
        assert (one.id, one.numbers) == (deal, (ASHA,))


def test_a_record_is_found_by_its_id_or_by_a_field():
    with stage() as account:
        lead = account.portal.add(originId="A-7")
        assert ids(records.find(account.client, [Whom("crm_reference", one) for one in (lead, "9999", "x")])) == [
            [lead],
            [],
            [],
        ]
        account.client.settings["reference_field"] = "originId"
        assert ids(records.find(account.client, [Whom("crm_reference", one) for one in ("A-7", lead)])) == [[lead], []]


def test_a_search_that_is_refused_finds_nobody_and_does_not_say_that_there_is_nobody():
    with stage({"reference_field": "nosuch"}) as account:
        with pytest.raises(NotSetUp, match="not allowed in filter"):
            records.find(account.client, [Whom("crm_reference", "A-7")])
        account.portal.wrong_requests.clear()


# Read and changed -----------------------------------------------------------------------------------------------------
def test_fields_are_read_as_texts_and_of_who_is_gone_nothing():
    with stage() as account:
        lead = account.portal.add(**{RATING: 44})
        found = records.read(account.client, [lead, "9999"], ["stageId", RATING, "nosuch"])
        assert found == [{"stageId": "NEW", RATING: "44", "nosuch": ""}, None]


def test_fields_are_set_and_the_answer_is_compared():
    with stage() as account:
        lead = account.portal.add()
        result = changed(account, lead, stageId="IN_PROCESS", assignedById="1", **{RATING: "45"})
        assert result == Done(lead, account.client.url(lead), None)
        row = account.portal.records["leads"][lead].row
        assert (row["stageId"], row[RATING], row["assignedById"]) == ("IN_PROCESS", "45", 1)
        assert isinstance(changed(account, lead, **{RATING: ""}), Done)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stageId": "NOSUCH"}, "no option NOSUCH"),
        ({RATING: "46"}, "no option 46"),
        ({"id": "7"}, "no field id"),
        ({"nosuch": "7"}, "no field nosuch"),
        ({"assignedById": "Asha"}, "a whole number"),
    ],
)
def test_what_cannot_stand_in_a_field_is_refused_before_it_is_sent(fields, words):
    with stage() as account:
        result = changed(account, account.portal.add(), **fields)
        assert (type(result), result.reason, words in result.answer) == (Refused, "validation", True)
        assert account.asked("crm.item.update") == 0


def test_a_stage_of_another_pipeline_moves_no_deal_unless_that_is_said():
    with stage({"records": "deals"}) as account:
        deal = account.portal.add("deals")
        assert changed(account, deal, stageId="C5:WON").reason == "other_pipeline"
        assert account.portal.records["deals"][deal].writes == []
        assert isinstance(changed(account, deal, stageId="C5:WON", categoryId="5"), Done)
        assert account.portal.records["deals"][deal].row["categoryId"] == 5
        assert isinstance(changed(account, deal, stageId="C5:NEW"), Done)


def test_of_a_batch_each_has_its_own_result():
    with stage() as account:
        leads = [account.portal.add() for _ in range(4)]
        account.portal.delete("leads", leads[1])
        some = [Change(one, one, {"stageId": "PROCESSED"}) for one in leads]
        results = records.change(account.client, some)
        assert [type(one) for one in results] == [Done, Refused, Done, Done]
        assert results[1].reason == "record_deleted"
        account.faults(failing={"times": 1, "path": "crm.item.update", "value": 1})
        assert [type(one) for one in records.change(account.client, some)] == [Done, Unknown, Unknown, Unknown]
        account.faults(not_told={"times": 1, "value": "crm.item.update"})
        assert {type(one) for one in records.change(account.client, some)} == {Unknown, Refused}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "Y"), (False, "N"), (44, "44"), (10.0, "10"), (0.5, "0.5"), ([45, "44"], "44,45"), ("x", "x")],
)
def test_how_values_are_read(value, text):
    assert rows.text(value) == text


def test_what_can_be_set_and_what_not():
    with stage({"records": "deals"}) as account:
        known = settable.of(account.client)
        assert {"stageId", "categoryId", "closed", "title"} <= set(known)
        assert {"id", "contactId"} & set(known) == set()
        assert settable.stages(account.client)["C5:WON"].category == "5"
        assert settable.lacking(known["closed"], "yes") == ["yes"]
