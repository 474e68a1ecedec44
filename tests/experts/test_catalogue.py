"""The honour catalogue: who reads it, who keeps it, what its form refuses."""

import re
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, transaction

from experts.forms.catalogue import HonourForm
from experts.honour_names import comparable, new_code
from experts.models import CatalogueChange, Honour
from tests.experts.honours import (
    ADD,
    LIST,
    catch_tasks,
    count_queries,
    edit_url,
    honour,
    new_entry,
    posted,
    propose,
)
from tests.roles import as_role


@pytest.fixture
def queued(monkeypatch):
    return catch_tasks(monkeypatch)


@pytest.mark.parametrize("name", ["staff_city", "officer_haidian", "leader_city", "director_haidian"])
def test_everyone_who_works_with_experts_reads_the_catalogue(personas, client_of, name):
    page = client_of(personas[name]).get(LIST)

    names = re.findall(r"<b>([^<]+)</b>\s*<div class=\"text-secondary\">三（二）", page.content.decode())
    assert names == [entry.name.replace("&", "&amp;") for entry in Honour.objects.all()]


@pytest.mark.parametrize("name", ["sysadmin", "secadmin", "auditor", "no_role"])
def test_nobody_else_reads_it(personas, client_of, name):
    assert client_of(personas[name]).get(LIST).status_code == 403


def test_only_the_city_department_is_offered_editing(personas, client_of):
    offers = {
        name: client_of(user).get(LIST).content.decode().count("/edit/")
        for name, user in personas.items()
        if user.may("view")
    }

    count = Honour.objects.count()
    assert offers == {
        "staff_city": count,
        "cleared_city": count,
        "leader_city": 0,
        "director_haidian": 0,
        "officer_haidian": 0,
        "officer_chaoyang": 0,
    }


@pytest.mark.parametrize(
    "name", ["leader_city", "director_haidian", "officer_haidian", "sysadmin", "auditor"]
)
def test_others_cannot_edit(personas, client_of, queued, name):
    change = propose(personas["staff_city"], valid_until=date(2020, 1, 1))
    client = client_of(personas[name])
    urls = [ADD, edit_url("CAS"), f"/experts/honours/changes/{change.uuid}/"]

    assert [client.get(url).status_code for url in urls] == [403, 403, 403]
    assert client.post(edit_url("CAS"), posted(honour("CAS"), name="别的")).status_code == 403
    assert client.post(f"/experts/honours/changes/{change.uuid}/apply/").status_code == 403
    assert client.post(f"/experts/honours/changes/{change.uuid}/cancel/").status_code == 403
    with pytest.raises(PermissionDenied):
        propose(personas[name], name="别的")
    assert queued == []


def test_a_change_is_its_makers_own(staff_city, cleared_city, client_of):
    change = propose(staff_city, valid_until=date(2020, 1, 1))

    assert client_of(cleared_city).get(f"/experts/honours/changes/{change.uuid}/").status_code == 404
    with as_role("liaison_app", cleared_city):
        assert CatalogueChange.objects.count() == 0
    with as_role("liaison_app", staff_city):
        assert CatalogueChange.objects.count() == 1


def test_the_database_refuses_changes_of_others(officer_haidian):
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with as_role("liaison_app", officer_haidian), refused, transaction.atomic():
        CatalogueChange.objects.create(code="CAS", requested_by=officer_haidian)


def test_the_list_needs_few_queries(staff_city, client_of, django_assert_num_queries):
    client = client_of(staff_city)
    client.get(LIST)
    baseline = count_queries(client)
    Honour.objects.create(code="X1", name="示范称号甲", level="municipal", clause="三（二）")
    Honour.objects.create(code="X2", name="示范称号乙", level="municipal", clause="三（二）")

    assert baseline == 7
    assert count_queries(client) == 7


# The form


def test_form_shows_the_entry_and_no_code_to_edit(staff_city, client_of):
    page = client_of(staff_city).get(edit_url("CAS")).content.decode()

    assert "中科院院士\n科学院院士" in page
    assert 'name="code"' not in page
    assert "代码 CAS" in page


def test_unchanged_form_says_so(staff_city, client_of, queued):
    page = client_of(staff_city).post(edit_url("CAS"), posted(honour("CAS")))

    assert page.status_code == 422
    assert "没有任何改动。" in page.content.decode()
    assert queued == []


@pytest.mark.parametrize(
    "alias", ["特贴专家", "特 贴专家", "“特贴专家”", "國務院特贴", "享受政府特殊津贴专家"]
)
def test_alias_of_another_honour_is_refused_beside_the_field(db, alias):
    form = HonourForm(posted(honour("CAS"), aliases=f"中科院院士\n{alias}"), instance=honour("CAS"))

    assert not form.is_valid()
    assert form.errors["aliases"] == [f"“{alias}”已是“享受政府特殊津贴专家”的名称或别名。"]


def test_name_of_another_honour_is_refused(db):
    form = HonourForm(posted(honour("CAS"), name="国贴"), instance=honour("CAS"))

    assert not form.is_valid()
    assert form.errors["name"] == ["“国贴”已是“享受政府特殊津贴专家”的名称或别名。"]


def test_repeated_aliases_are_kept_once(db):
    form = HonourForm(
        posted(honour("CAS"), aliases="中科院院士\n中科院 院士\n中国科学院院士\n\n学部委员"),
        instance=honour("CAS"),
    )

    assert form.is_valid(), form.errors
    assert form.facts()["aliases"] == ["中科院院士", "学部委员"]


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"name": "机密★"}, "name", "含有密级标志。本系统为非涉密系统，不得录入。"),
        ({"valid_from": "2024-02-01", "valid_until": "2024-01-31"}, "valid_until", "有效至不能早于有效自。"),
        ({"clause": "机密★10年"}, "clause", "含有密级标志。本系统为非涉密系统，不得录入。"),
        ({"aliases": "字" * 121}, "aliases", f"“{'字' * 20}……”超过 120 个字，请缩短。"),
        ({"name": ""}, "name", "这个字段是必填项。"),
    ],
)
def test_form_says_what_is_wrong(db, changes, field, error):
    form = HonourForm(posted(honour("CAS"), **changes), instance=honour("CAS"))

    assert not form.is_valid()
    assert form.errors[field] == [error]


@pytest.mark.parametrize(("typed", "code"), [("", "SFRC"), ("sf_talent", "SF_TALENT"), ("SF2", "SF2")])
def test_new_entry_gets_its_code(db, typed, code):
    form = HonourForm(new_entry(code=typed))

    assert form.is_valid(), form.errors
    assert form.entry_code() == code


@pytest.mark.parametrize("typed", ["1A", "A-B", "中文", "CAS"])
def test_impossible_code_is_refused(db, typed):
    form = HonourForm(new_entry(code=typed))

    assert not form.is_valid()
    assert list(form.errors) == ["code"]


def test_generated_codes_do_not_collide(db):
    Honour.objects.create(code="SFRC", name="甲", level="municipal", clause="三（二）")
    Honour.objects.create(code="SFRC_2", name="乙", level="municipal", clause="三（二）")

    assert new_code("示范人才") == "SFRC_3"


def test_comparable_ignores_what_people_write_differently():
    assert comparable("国家“千人计划” 入选者") == comparable("國家千人计划入選者") == "国家千人计划入选者"


def test_form_opened_before_a_colleague_saved_shows_both(staff_city, client_of, queued):
    client = client_of(staff_city)
    old = posted(honour("CAS"), clause="三（二）我改的")
    Honour.objects.filter(code="CAS").update(clause="三（二）别人改的", version=2)

    page = client.post(edit_url("CAS"), old)

    text = page.content.decode()
    assert page.status_code == 409
    assert "这一称号刚被别人改过" in text
    assert "三（二）我改的" in text
    assert "三（二）别人改的" in text
    assert queued == []
