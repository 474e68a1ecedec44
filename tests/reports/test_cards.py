"""Forms of one expert and of one proposal: what they print, for whom, and what they never print."""

from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from audit.models import Event
from core.sheets import NOTICE
from experts import personal_data
from experts.enums import AwardState, SensitiveField
from experts.models import Expert, MandatoryExit, Proposal, ProposalAct, ProposalLine
from reports import samples
from reports.models import Document, Export
from reports.sources import SOURCES
from tests.factories import (
    enlist,
    make_award,
    make_exit,
    make_expert,
    make_proposal_file,
    make_sensitive,
    make_user,
    propose,
    restrict,
)
from tests.reports.making import ask, content, fetched, grids, made, make, pages, text_of, url

pytestmark = pytest.mark.django_db
FORMATS = ["pdf", "docx"]
FULL = {
    "former_names": ["旧名一"], "gender": "female", "birth": date(1966, 5, 1), "nationality": "中国",
    "political_affiliation": "jiusan", "employer": "示范大学", "post": "院长", "title": "教授",
    "discipline_id": "520", "education": "博士", "fields_of_work": "数据库", "category": "high_skill",
    "office_phone": "010-00001111", "email": "lin@demo.example", "address": "示范路1号",
    "confirmed_on": date(2026, 1, 2),
}  # fmt: skip


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def expert(db):
    expert = make_expert("林一", awards=[("STATE_ALLOWANCE", 2018)], **FULL)
    make_award(expert, "MUNICIPAL_AWARD", text="不算奖", state=AwardState.REJECTED)
    enlist(make_user(), expert, since=date(2020, 3, 1))
    return expert


def card(expert):
    return f"/exports/expert/{expert.uuid}/"


def paper(proposal):
    return f"/exports/proposal/{proposal.uuid}/"


def exit_paper(case):
    return f"/exports/exit/{case.uuid}/"


def squeezed(data):
    return text_of(data).replace(" ", "").replace("\\u3000", "")


# The registration form


@pytest.mark.parametrize("format", FORMATS)
def test_the_registration_form_prints_what_the_record_says(client, monkeypatch, expert, format):
    text = squeezed(fetched(client, monkeypatch, path=card(expert), format=format))
    for words in (
        "专家登记表", "林一", "女", "1966年5月", "旧名一", "中国", "九三学社社员", "博士", "教授",
        "示范大学", "院长", "计算机科学技术", "数据库", "010-00001111", "lin@demo.example",
        "示范路1号", "重点联系",
        "高技能人才", "2018", "海淀区委", "2020-03-01", "2026年1月2日", expert.record_number, NOTICE,
    ):  # fmt: skip
        assert words in text, words
    assert "不算奖" not in text
    assert "密级" not in text


@pytest.mark.parametrize("format", FORMATS)
def test_it_prints_nothing_sensitive(client, monkeypatch, expert, format):
    for field, value in (
        ("id_number", "11010519491231002X"),
        ("phone", "13800138000"),
        ("health", "健康说明"),
    ):
        make_sensitive(expert, SensitiveField(field), value)
    text = squeezed(fetched(client, monkeypatch, path=card(expert), format=format))
    assert not any(hidden in text for hidden in ("110105", "138001", "健康", "内部"))


def test_it_reads_nothing_beyond_what_is_declared(expert):
    source = SOURCES["card"](make_user(), {"about": str(expert.uuid)})
    (row,) = source.complete(Expert.objects.filter(pk=expert.pk))
    read = {name.removesuffix("_id") for name in row.__dict__ if name in loaded()}
    assert read == personal_data.PRINTED | {"id"}
    assert not personal_data.PRINTED & {"photo", "id_type", "is_frontline"}


def loaded():
    return {field.attname for field in Expert._meta.concrete_fields}


@pytest.mark.parametrize("format", FORMATS)
def test_a_record_of_little_fits_the_form(client, monkeypatch, format):
    text = squeezed(fetched(client, monkeypatch, path=card(make_expert("林二")), format=format))
    assert "林二" in text


def test_it_is_one_page_of_a4(client, monkeypatch, expert):
    reader = PdfReader(BytesIO(fetched(client, monkeypatch, path=card(expert), format="pdf")))
    (page,) = reader.pages
    assert tuple(round(float(side)) for side in page.mediabox[2:]) == (595, 842)
    assert "第 1 页 共 1 页" in page.extract_text()


def test_someone_who_died_is_marked(client, monkeypatch, expert):
    Expert.objects.filter(pk=expert.pk).update(died_on=date(2026, 1, 1))
    assert "林一（已故）" in squeezed(fetched(client, monkeypatch, path=card(expert), format="pdf"))


def test_the_rows_of_exports_name_nobody(client, monkeypatch, expert):
    """One's own list of exports stays when the right to see somebody is gone."""
    made(client, monkeypatch, path=card(expert), format="pdf")
    export = Export.objects.get()
    assert export.words == "1 位专家"
    assert export.file_name == f"专家登记表-{export.number}.pdf"


@pytest.mark.parametrize("name", ["officer_haidian", "director_haidian", "staff_city", "leader_city"])
def test_the_form_of_a_restricted_expert_is_for_those_on_the_list(personas, client_of, monkeypatch, name):
    canary = restrict(make_expert("金丝雀一号"), personas["cleared_city"])
    assert client_of(personas[name]).post(card(canary), {"reason": "核对"}).status_code == 404
    listed = client_of(personas["cleared_city"])
    assert "金丝雀一号" in text_of(fetched(listed, monkeypatch, path=card(canary), format="pdf"))
    event = Event.objects.get(verb="export", kind="expert")
    assert event.reference == canary.record_number


def test_it_is_withdrawn_when_the_record_is_hidden_before_the_fetch(client, monkeypatch, expert):
    export = made(client, monkeypatch, path=card(expert), format="docx")
    restrict(expert)
    assert client.get(url("fetch", export)).status_code == 410


# Proposals


def decided(proposal, *, submitter, reviewer, approver):
    acts = {"submitted_by": submitter, "reviewed_by": reviewer, "approved_by": approver}
    for step, by, note in (
        ("submit", submitter, "旧的意见"),
        ("return", reviewer, "请补充"),
        ("submit", submitter, "提请审核"),
        ("review", reviewer, "同意提请审批"),
        ("approve", approver, "批准"),
    ):
        ProposalAct.objects.create(proposal=proposal, step=step, by=by, note=note)
    at = {"approved_at": "2026-03-02T09:00Z", "state": "approved"}
    Proposal.objects.filter(pk=proposal.pk).update(**acts, **at)


@pytest.mark.parametrize("format", FORMATS)
def test_an_admission_prints_lines_conditions_and_opinions(client, monkeypatch, personas_of_work, format):
    one, two, three = personas_of_work
    people = [make_expert(name, employer="示范大学", post="院长") for name in ("林一", "林二")]
    proposal = propose(one, *people, note="年度调整", effective_on=date(2026, 3, 1))
    proposal.lines.update(scope="key", category="high_skill", note="经研究")
    for name in ("推荐函.pdf", "会议纪要.pdf"):
        make_proposal_file(proposal, name=name)
    decided(proposal, submitter=one, reviewer=two, approver=three)
    text = squeezed(fetched(client, monkeypatch, path=paper(proposal), format=format))
    for words in (
        "名单调整审批表", proposal.number, "海淀区委", "纳入", "2026年3月1日", "年度调整", "林一",
        "林二", "示范大学", "不在名单", "重点联系", "高技能人才", "经研究", "遵守宪法和法律",
        "提请审核", "同意提请审批", "批准", "佐证材料：推荐函.pdf、会议纪要.pdf。",
        one.display_name, two.display_name, three.display_name,
    ):  # fmt: skip
        assert words in text, words
    assert "旧的意见" not in text
    assert "请补充" not in text


def test_papers_are_named_on_the_form_of_who_may_have_them_only(client, monkeypatch, officer_haidian):
    mixed = propose(officer_haidian, make_expert("林一"), make_expert("林二", unit_code="D03"))
    make_proposal_file(mixed, name="名单.pdf")
    text = squeezed(fetched(client, monkeypatch, path=paper(mixed), format="docx"))
    assert ("林一" in text, "佐证材料" in text, "名单.pdf" in text) == (True, False, False)


@pytest.fixture
def personas_of_work(db):
    return [make_user(display_name=name) for name in ("甲提交", "乙审核", "丙审批")]


def test_boxes_are_blank_where_nobody_has_signed(client, monkeypatch, officer_haidian):
    proposal = propose(officer_haidian, make_expert("林一"))
    boxes = grids(fetched(client, monkeypatch, path=paper(proposal), format="docx"))[-1]
    assert [box[0] for box in boxes] == ["提出", "审核意见", "审批意见"]
    assert [box[1].strip() for box in boxes] == [officer_haidian.display_name, "", ""]


@pytest.mark.parametrize("format", FORMATS)
def test_a_proposal_to_leave_is_the_exit_form_with_its_reasons(client, monkeypatch, format):
    expert = make_expert("林一")
    enlist(make_user(), expert, since=date(2020, 1, 1))
    proposal = propose(make_user(), expert, kind="exit")
    ProposalLine.objects.filter(proposal=proposal).update(reason="own_request")
    export = made(client, monkeypatch, path=paper(proposal), format=format)
    text = squeezed(content(client.get(url("fetch", export))))
    assert export.file_name.startswith("退出审批表-")
    for words in ("退出审批表", "理由", "本人申请不再联系", "重点联系", "退出"):
        assert words in text
    assert "遵守宪法" not in text


def test_a_proposal_whose_reason_is_not_told_prints_none(client, monkeypatch):
    proposal = propose(make_user(), make_expert("林一"), kind="exit")
    (line,) = grids(fetched(client, monkeypatch, path=paper(proposal), format="docx"))[1][1:]
    assert line == ["1", "林一", "", "不在名单", "退出", "", ""]


@pytest.mark.parametrize("format", FORMATS)
def test_two_viewers_of_a_proposal_get_the_lines_they_see(personas, client_of, monkeypatch, format):
    hidden = make_expert("金丝雀一号")
    proposal = propose(make_user(), make_expert("林一"), hidden)
    restrict(hidden, personas["cleared_city"])
    texts = {
        name: squeezed(fetched(client_of(personas[name]), monkeypatch, path=paper(proposal), format=format))
        for name in ("officer_haidian", "cleared_city")
    }
    assert ["金丝雀一号" in text for text in texts.values()] == [False, True]
    assert "人数1" in texts["officer_haidian"] or "'人数','1'" in texts["officer_haidian"]
    assert Event.objects.get(verb="export", kind="expert").reference == hidden.record_number


def test_a_proposal_out_of_sight_is_missing(client_of, officer_chaoyang):
    proposal = propose(make_user(), make_expert("林一"))
    assert client_of(officer_chaoyang).post(paper(proposal), {"reason": "核对"}).status_code == 404


# Mandatory exits


@pytest.mark.parametrize("format", FORMATS)
def test_the_form_of_a_mandatory_exit_says_where_the_facts_are_and_not_what_they_are(
    client, monkeypatch, officer_haidian, format
):
    case = make_exit(officer_haidian, make_expert("林一", employer="示范大学"), facts="绝不能印出的事实")
    text = squeezed(fetched(client, monkeypatch, path=exit_paper(case), format=format))
    for words in (
        "退出审批表",
        "林一",
        "示范大学",
        "待审核",
        "审核意见",
        "情形和事实见案卷，本表不载。",
        officer_haidian.display_name,
    ):
        assert words in text, words
    assert "绝不能" not in text
    assert not any(reason in text for reason in ("学术不端", "违法违纪", "不当言论"))


def test_the_form_of_a_mandatory_exit_is_for_who_may_see_the_case(personas, client_of):
    case = make_exit(personas["officer_haidian"], make_expert("林一"))
    asked = {
        name: client_of(user).post(exit_paper(case), {"reason": "核对"}).status_code
        for name, user in personas.items()
        if name in {"leader_city", "officer_chaoyang", "director_haidian", "sysadmin"}
    }
    assert asked == {"leader_city": 403, "officer_chaoyang": 404, "director_haidian": 302, "sysadmin": 403}


def test_whoever_loses_sight_of_the_case_gets_no_file(client, monkeypatch, officer_haidian):
    case = make_exit(officer_haidian, make_expert("林一"))
    export = ask(client, path=exit_paper(case), format="pdf")
    restrict(case.expert)
    assert not MandatoryExit.objects.visible_to(officer_haidian).exists()
    assert make(export, monkeypatch).job_state == "failed"


# What templates are told


def shape(value):
    """The names in data, and those below them."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


@pytest.mark.parametrize("document", Document.values)
def test_samples_are_shaped_like_real_documents(monkeypatch, client, expert, officer_haidian, document):
    told = {}
    monkeypatch.setattr(
        "reports.printing.pressed", lambda name, data, **rest: told.update({name: data}) or b"%PDF"
    )
    proposal = propose(officer_haidian, make_expert("林三"))
    make_proposal_file(proposal)
    paths = {
        "roster": "/exports/roster/D04/",
        "card": card(expert),
        "proposal": paper(proposal),
        "exit": exit_paper(make_exit(officer_haidian, make_expert("林四"))),
    }
    made(client, monkeypatch, path=paths[document], format="pdf")
    assert shape(told[document]) == shape(samples.sample(document))


def test_pages_offer_the_forms(client, expert, officer_haidian):
    proposal = propose(officer_haidian, expert)
    case = make_exit(officer_haidian, expert)
    for page, path in (
        (f"/experts/{expert.uuid}/", card(expert)),
        (f"/proposals/{proposal.uuid}/", paper(proposal)),
        (f"/experts/exits/{case.uuid}/", exit_paper(case)),
    ):
        assert f'action="{path}"' in client.get(page).content.decode(), page


def test_a_long_form_goes_on_on_the_next_page(client, monkeypatch, expert):
    for number in range(40):
        make_award(expert, "MUNICIPAL_AWARD", text=f"示范奖{number}", state=AwardState.VERIFIED)
    texts = pages(fetched(client, monkeypatch, path=card(expert), format="pdf"))
    assert len(texts) > 1
    assert all("称号奖励" in text for text in texts[:2])
    assert "示范奖39" in "".join(texts)


@pytest.mark.parametrize("format", FORMATS)
def test_control_characters_do_no_harm(client, monkeypatch, format):
    odd = make_expert("林二", employer="示范\x0b大\x07学\x1f", post="院\ufffe长")
    text = squeezed(fetched(client, monkeypatch, path=card(odd), format=format))
    assert "示范大学" in text
    assert "院长" in text
