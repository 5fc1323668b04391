"""Persons, leads and deals: found by a reference or by a number, read as texts, changed as what each field is."""

import pytest

from crm.base import Change, Done, Refused, Whom
from crm.pipedrive import records, settable
from sandbox.pipedrive.account import STATUS_FIELD
from tests.crm.pipedrive.stage import stage
from tests.crm.samples import ASHA

SOURCE = "ab12" + "0" * 36  # a custom field that holds texts
NUMBER = Whom("number", ASHA)


def ids(found) -> list[list[str]]:
    return [[one.id for one in some] for some in found]


# Found ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "written", [ASHA, "+91 98100 12345", "098100 12345", "9810012345", "09810012345", "919810012345"]
)
def test_a_person_is_found_by_its_number_however_it_was_typed_in(written):
    with stage() as account:
        person = account.pipedrive.add_person(name="Asha", phone=written)
        account.pipedrive.add_person(phone="+919810099999")
        ((one,),) = records.find(account.client, [NUMBER])
        assert (one.id, one.name, one.numbers) == (person, "Asha", (written,))
        assert one.url == f"https://acme.pipedrive.com/person/{person}"


def test_everybody_who_has_a_number_is_found_in_whichever_way_each_has_it():
    with stage() as account:
        wanted = {
            account.pipedrive.add_person(phone=phone) for phone in (ASHA, "098100 12345", "+12025550100,9810012345")
        }
        (found,) = records.find(account.client, [NUMBER])
        assert {one.id for one in found} == wanted


def test_a_hit_is_kept_for_a_while_and_a_miss_is_not():
    with stage() as account:
        assert records.find(account.client, [NUMBER]) == [[]]
        person = account.pipedrive.add_person(phone=ASHA)
        for _ in range(3):
            assert ids(records.find(account.client, [NUMBER])) == [[person]]
        assert account.turns.taken["searches"] == 2 * 4


def test_only_the_ways_of_writing_a_number_that_were_chosen_are_searched():
    with stage({"number_searches": ["last_digits"]}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        assert ids(records.find(account.client, [NUMBER])) == [[person]]
        assert account.turns.taken["searches"] == 1


def test_a_person_is_found_by_its_id_and_who_is_gone_is_not():
    with stage() as account:
        person, gone = account.pipedrive.add_person(), account.pipedrive.add_person()
        account.pipedrive.delete("persons", gone)
        asked = [
            Whom("crm_reference", one) for one in (person, gone, "999", "x", "0190f3a1-0000-7000-8000-000000000001")
        ]
        assert ids(records.find(account.client, asked)) == [[person], [], [], [], []]
        assert account.asked("GET /api/v2/persons") == 1


def test_a_person_is_found_by_a_field_of_its_own_and_by_no_other_field_with_that_value():
    with stage({"reference_field": SOURCE}) as account:
        account.pipedrive.add_field("persons", SOURCE, "varchar")
        account.pipedrive.add_field("persons", "cd34" + "0" * 36, "varchar")
        person = account.pipedrive.add_person(**{SOURCE: "L-7"})
        account.pipedrive.add_person(**{"cd34" + "0" * 36: "L-7"})
        found = records.find(account.client, [Whom("crm_reference", "l-7"), Whom("crm_reference", "L-8")])
        assert ids(found) == [[person], []]


@pytest.mark.parametrize("kind", ["leads", "deals"])
def test_an_open_lead_or_deal_is_found_by_its_persons_number(kind):
    with stage({"records": kind}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        add = account.pipedrive.add_lead if kind == "leads" else account.pipedrive.add_deal
        record = add(person, title="Roof")
        closed = add(person)
        account.pipedrive.change(kind, closed, {"is_archived": True} if kind == "leads" else {"status": "lost"})
        ((one,),) = records.find(account.client, [NUMBER])
        assert (one.id, one.name, one.numbers) == (record, "Roof", (ASHA,))
        assert ids(records.find(account.client, [Whom("crm_reference", record)])) == [[record]]


def test_deals_of_other_pipelines_are_left_alone_where_one_is_named():
    with stage({"records": "deals", "pipeline_id": 2}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.pipedrive.add_deal(person)
        wanted = account.pipedrive.add_deal(person, stage_id=7)
        assert ids(records.find(account.client, [NUMBER])) == [[wanted]]


# Read and changed -----------------------------------------------------------------------------------------------------
def test_fields_are_read_as_texts_and_written_as_what_they_are():
    with stage() as account:
        for key, type_ in ((SOURCE, "varchar"), ("ef56" + "0" * 36, "double")):
            account.pipedrive.add_field("persons", key, type_)
        person = account.pipedrive.add_person(**{STATUS_FIELD: 1})
        wanted = {STATUS_FIELD: "3", SOURCE: "web", "ef56" + "0" * 36: "1.5", "label_ids": "3,1"}
        (result,) = records.change(account.client, [Change("t", person, wanted)])
        assert isinstance(result, Done)
        row = account.pipedrive.records["persons"][person].row
        assert row["custom_fields"] == {STATUS_FIELD: 3, SOURCE: "web", "ef56" + "0" * 36: 1.5}
        assert row["label_ids"] == [3, 1]
        names = [STATUS_FIELD, SOURCE, "ef56" + "0" * 36, "label_ids", "nothing"]
        (read,) = records.read(account.client, [person], names)
        assert read == {STATUS_FIELD: "3", SOURCE: "web", "ef56" + "0" * 36: "1.5", "label_ids": "1,3", "nothing": ""}
        records.change(account.client, [Change("t", person, {STATUS_FIELD: "", "label_ids": ""})])
        (read,) = records.read(account.client, [person], [STATUS_FIELD, "label_ids"])
        assert read == {STATUS_FIELD: "", "label_ids": ""}


def test_many_are_read_at_once_and_who_is_gone_is_nobody():
    with stage() as account:
        some = [account.pipedrive.add_person(**{STATUS_FIELD: 1}) for _ in range(120)]
        read = records.read(account.client, [*some, "99999"], [STATUS_FIELD])
        assert read == [{STATUS_FIELD: "1"}] * 120 + [None]
        assert account.turns.taken == {"requests": 2}


def test_a_leads_labels_and_whether_it_is_archived_can_be_set():
    with stage({"records": "leads"}) as account:
        lead = account.pipedrive.add_lead(account.pipedrive.add_person())
        hot = next(iter(account.pipedrive.lead_labels))
        (result,) = records.change(account.client, [Change("t", lead, {"label_ids": hot, "is_archived": "true"})])
        assert isinstance(result, Done)
        assert records.read(account.client, [lead], ["label_ids", "is_archived"]) == [
            {"label_ids": hot, "is_archived": "true"}
        ]


def test_a_deal_is_won_or_lost_with_a_reason():
    with stage({"records": "deals"}) as account:
        deal = account.pipedrive.add_deal(account.pipedrive.add_person())
        wanted = {"status": "lost", "lost_reason": "Too dear", "stage_id": "3"}
        (result,) = records.change(account.client, [Change("t", deal, wanted)])
        assert isinstance(result, Done)
        assert records.read(account.client, [deal], list(wanted)) == [wanted]


def test_a_stage_of_another_pipeline_moves_no_deal_unless_that_is_meant():
    with stage({"records": "deals"}) as account:
        deal = account.pipedrive.add_deal(account.pipedrive.add_person())
        (refused,) = records.change(account.client, [Change("t", deal, {"stage_id": "7"})])
        assert (refused.reason, "pipeline_id" in refused.answer) == ("other_pipeline", True)
        assert account.pipedrive.records["deals"][deal].row["stage_id"] == 1
        (moved,) = records.change(account.client, [Change("t", deal, {"stage_id": "7", "pipeline_id": "2"})])
        assert isinstance(moved, Done)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (STATUS_FIELD, "99", "no option 99"),
        ("label_ids", "1,77", "no option 77"),
        ("owner_id", "Asha", "a whole number"),
        ("phone", "1", "no field phone"),
        ("nothing", "1", "no field nothing"),
    ],
)
def test_a_value_that_cannot_stand_there_is_refused_before_it_is_sent(name, value, said):
    with stage() as account:
        person = account.pipedrive.add_person()
        (refused,) = records.change(account.client, [Change("t", person, {name: value})])
        assert isinstance(refused, Refused)
        assert (refused.reason, said in refused.answer) == ("validation", True)
        assert account.asked("PATCH") == 0


def test_who_is_gone_is_refused_and_the_others_are_changed():
    with stage() as account:
        person, gone = account.pipedrive.add_person(), account.pipedrive.add_person()
        account.pipedrive.delete("persons", gone)
        changes = [Change("t", one, {STATUS_FIELD: "2"}) for one in (gone, person)]
        refused, done = records.change(account.client, changes)
        assert (refused.reason, type(done)) == ("record_deleted", Done)


def test_of_a_number_a_text_is_read_as_it_is_written_in_settings():
    assert [settable.lacking(settable.Field("x", "wholes", options={"1": "a"}), one) for one in ("", "1", "1,2")] == [
        (),
        [],
        ["2"],
    ]
