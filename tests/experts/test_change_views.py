"""Reporting a change, the list of those that wait, deciding, and evidence: in the pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.verbs import Verb
from experts.models import ChangeReport, Evidence, Expert
from experts.models.evidence import VAULT
from tests.experts.files import PDF, docx, photo
from tests.experts.pages import at, body, field_errors, queries, said
from tests.factories import make_evidence, make_expert, make_report, restrict

pytestmark = pytest.mark.django_db
LIST = reverse("experts:changes")
MARKED = "含有密级标志。本系统为非涉密系统，不得录入。"


@pytest.fixture
def expert():
    return make_expert("林中鸟", employer="示范研究所", post="所长")


def posted(**changes):
    return {"happened_on": timezone.localdate().isoformat(), "source": "单位来函"} | changes


def report_url(expert, kind):
    return at(expert, "changes", "new", kind)


def page_of(report, *rest):
    return "/".join([f"/experts/changes/{report.uuid}", *rest, ""])


def decide(client, report, decision, **given):
    given = {"version": report.expert.version} | given
    return client.post(page_of(report, "decide"), {"decision": decision, **given}, follow=True)


def upload(client, report, data=PDF, name="来函.pdf"):
    file = SimpleUploadedFile(name, data)
    return client.post(page_of(report, "evidence"), {"file": file}, follow=True)


def test_from_the_report_to_the_changed_record(client_of, officer_haidian, director_haidian, expert):
    officer, director = client_of(officer_haidian), client_of(director_haidian)
    assert report_url(expert, "transfer") in body(officer.get(at(expert, "changes", "new")))
    page = officer.post(
        report_url(expert, "transfer"),
        posted(employer="新示范大学", post="教授", across=["region", "field"], new_unit="D03"),
        follow=True,
    )
    assert said(page) == ["已报送，由另一人核实后生效。有佐证材料的，请在这里上传。"]
    report = ChangeReport.objects.get()
    assert (report.across, report.new_unit.code) == (["region", "field"], "D03")
    assert "跨区域、跨领域" in body(page)
    assert "核实，使其生效" not in body(page)
    assert "核实信息变动" in body(director.get("/"))
    assert "核实信息变动" not in body(officer.get("/"))
    assert "林中鸟" in body(director.get(LIST))
    assert "林中鸟" not in body(officer.get(LIST))
    assert "林中鸟" in body(officer.get(f"{LIST}?state=mine"))
    assert "示范研究所" in body(director.get(page_of(report)))

    done = decide(director, report, "effective")

    assert said(done) == ["已核实，变动已生效。已征询朝阳区委是否接着联系。"]
    assert "已生效" in body(done)
    assert Expert.objects.values_list("employer", "post").get() == ("新示范大学", "教授")
    assert "核实了信息变动" in body(director.get(at(expert) + "?tab=log"))
    assert "没有等您核实的变动" in body(director.get(LIST))
    assert "林中鸟" in body(officer.get(f"{LIST}?state=effective"))


BLANK = {"happened_on": "", "source": ""}
WHEN = ["请填发生日期。"]
FROM = ["请写明信息来源。"]


@pytest.mark.parametrize(("kind", "given", "errors"), [
    ("transfer", BLANK, {"employer": ["请填新工作单位。"], "happened_on": WHEN, "source": FROM}),
    ("transfer", {"employer": "甲", "happened_on": "2999-01-01"},
     {"happened_on": ["发生日期不能晚于今天，也不能早于 1949 年。"]}),
    ("transfer", {"employer": "甲", "happened_on": "1900-01-01"},
     {"happened_on": ["发生日期不能晚于今天，也不能早于 1949 年。"]}),
    ("transfer", {"employer": "甲", "happened_on": "昨天"}, {"happened_on": ["请填日期，如 2026-11-20。"]}),
    ("transfer", {"employer": "甲", "across": ["planet"]},
     {"across": ["请从跨区域、跨部门、跨领域中选择。"]}),
    ("transfer", {"employer": "甲", "new_unit": "D99"}, {"new_unit": ["请从名单中选择一个单位。"]}),
    ("transfer", {"employer": "密级：秘密"}, {"employer": [MARKED]}),
    ("transfer", {"employer": "甲", "source": "机密★"}, {"source": [MARKED]}),
    ("post_change", {}, {"post": ["请填新职务或新职称。"]}),
    ("serious_illness", {}, {"text": ["请写明伤病情况。"]}),
    ("serious_illness", {"text": "绝密★"}, {"text": [MARKED]}),
    ("major_achievement", {}, {"text": ["请写明取得的成果。"]}),
    ("award", {}, {"honour": ["请选择称号。"]}),
    ("award", {"honour": "NOPE"}, {"honour": ["选择一个有效的选项。 NOPE 不在可用的选项中。"]}),
    ("award", {"honour": "MUNICIPAL_AWARD"}, {"text": ["请写明奖项全称。"]}),
    ("award", {"honour": "CAS", "year": "1900"}, {"year": ["年度请填 1949 到 2026 之间的年份。"]}),
])  # fmt: skip
def test_a_report_that_cannot_be_made_says_so_beside_the_field(
    client_of, officer_haidian, expert, kind, given, errors
):
    if "year" in errors:
        errors = {"year": [f"年度请填 1949 到 {timezone.localdate().year} 之间的年份。"]}
    response = client_of(officer_haidian).post(report_url(expert, kind), posted(**given))
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert ChangeReport.objects.count() == 0


@pytest.mark.parametrize(("kind", "given", "stored"), [
    ("post_change", {"title": "研究员"}, {"title": "研究员", "post": ""}),
    ("major_achievement", {"text": "测试成果"}, {"text": "测试成果"}),
    ("award", {"honour": "MUNICIPAL_AWARD", "text": "示范奖", "year": "2025", "document": "证字1号"},
     {"text": "示范奖", "year": 2025, "document": "证字1号"}),
])  # fmt: skip
def test_what_is_typed_is_what_is_reported(client_of, officer_haidian, expert, kind, given, stored):
    client_of(officer_haidian).post(report_url(expert, kind), posted(**given))
    assert ChangeReport.objects.values(*stored).get() == stored


def test_there_are_five_kinds_and_no_others(client_of, officer_haidian, expert):
    assert client_of(officer_haidian).get(report_url(expert, "death")).status_code == 404


def test_what_cannot_take_effect_is_said_on_the_page(client_of, officer_haidian, director_haidian):
    expert = make_expert("林中鸟", awards=["STATE_ALLOWANCE"])
    report, director = make_report(officer_haidian, expert, "award"), client_of(director_haidian)
    page = decide(director, report, "effective")
    assert (page.status_code, "这一称号已经登记过了" in body(page)) == (422, True)
    assert field_errors(decide(director, report, "refused")) == {"note": ["请写明不予采纳的理由。"]}
    assert list(field_errors(decide(director, report, "x"))) == ["decision"]
    assert said(decide(director, report, "refused", note="已登记")) == ["已记为未予采纳。"]
    again = decide(director, report, "effective")
    assert (again.status_code, "这项变动已经办理过了" in body(again)) == (422, True)


def test_a_record_saved_meanwhile_is_shown_as_it_stands(client_of, officer_haidian, director_haidian, expert):
    report, director = make_report(officer_haidian, expert), client_of(director_haidian)
    Expert.objects.filter(pk=expert.pk).update(employer="另一单位", version=2)
    page = decide(director, report, "effective")
    assert page.status_code == 409
    assert ("刚被别人改过" in body(page), 'name="version" value="2"' in body(page)) == (True, True)
    assert "另一单位" in body(page)
    report.refresh_from_db()
    report.expert.refresh_from_db()
    assert said(decide(director, report, "effective")) == ["已核实，变动已生效。"]


def test_a_report_is_taken_back_by_whoever_made_it(client_of, officer_haidian, director_haidian, expert):
    report = make_report(officer_haidian, expert)
    assert decide(client_of(director_haidian), report, "withdrawn").status_code == 403
    assert decide(client_of(officer_haidian), report, "effective").status_code == 422
    assert said(decide(client_of(officer_haidian), report, "withdrawn")) == ["已撤回。"]


# Illness


def test_an_illness_is_masked_until_a_reason_is_given(client_of, officer_haidian, leader_city, expert):
    officer = client_of(officer_haidian)
    officer.post(report_url(expert, "serious_illness"), posted(text="测试伤病"))
    report = ChangeReport.objects.get()
    for url in (page_of(report), at(expert) + "?tab=changes", f"{LIST}?state=mine"):
        assert ("严重伤病" in body(officer.get(url)), "测试伤病" in body(officer.get(url))) == (True, False)
    asked = officer.post(page_of(report, "reveal"))
    assert "查看事由" in body(asked)
    assert officer.post(page_of(report, "reveal"), {"reason": " "}).status_code == 422
    shown = officer.post(page_of(report, "reveal"), {"reason": "安排看望"})
    assert ("测试伤病" in body(shown), shown["Cache-Control"]) == (True, "no-store")
    assert Event.objects.get(verb=Verb.REVEAL).reason == "安排看望"

    leader = client_of(leader_city)
    assert leader.get(page_of(report)).status_code == 404
    for tab in ("changes", "log"):
        page = body(leader.get(f"{at(expert)}?tab={tab}"))
        assert ("伤病" in page, "信息变动、" in page) == (False, False)
    assert "信息变动、健康状况" in body(officer.get(at(expert) + "?tab=log"))


def test_opening_a_report_about_a_restricted_record_is_on_the_trail(client_of, cleared_city, expert):
    report = make_report(cleared_city, expert)
    restrict(expert, cleared_city)
    assert client_of(cleared_city).get(page_of(report)).status_code == 200
    assert Event.objects.get(verb=Verb.VIEW).reference == expert.record_number


# Evidence


def test_evidence_is_kept_encrypted_and_handed_over_on_the_record(
    client_of, officer_haidian, director_haidian, expert
):
    report = make_report(officer_haidian, expert)
    page = upload(client_of(officer_haidian), report, docx(), "单位来函.exe")
    assert said(page) == ["已上传。"]
    kept = Evidence.objects.get()
    assert (kept.name, kept.is_sensitive) == ("单位来函.docx", False)
    stored = (VAULT.folder() / kept.stored_as).read_bytes()
    assert ("单位来函".encode() in stored, stored[:2] == b"PK", kept.stored_as in body(page)) == (False,) * 3
    answer = client_of(director_haidian).get(at(expert, "evidence", kept.uuid))
    assert b"".join(answer.streaming_content) == docx()
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
    event = Event.objects.get(verb=Verb.EXPORT)
    assert (event.reference, event.fields) == (expert.record_number, ["evidence"])


def test_evidence_is_its_reporters_until_somebody_decides(
    client_of, officer_haidian, director_haidian, expert, django_capture_on_commit_callbacks
):
    report = make_report(officer_haidian, expert)
    first, second = make_evidence(report), make_evidence(report)
    officer, director = client_of(officer_haidian), client_of(director_haidian)
    assert upload(director, report).status_code == 403
    assert director.post(at(expert, "evidence", first.uuid, "remove")).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        page = officer.post(at(expert, "evidence", first.uuid, "remove"), follow=True)
    assert said(page) == ["已删除这个文件。"]
    assert not (VAULT.folder() / first.stored_as).exists()
    decide(director, report, "effective")
    assert field_errors_of_upload(upload(officer, report)) == ["这项变动已经办理过了。"]
    page = officer.post(at(expert, "evidence", second.uuid, "remove"), follow=True)
    assert said(page) == ["这项变动已经办理过了。"]
    assert list(Evidence.objects.all()) == [second]


def field_errors_of_upload(response):
    return list(response.context["upload"].errors.get("file", []))


@pytest.mark.parametrize(("data", "name", "words"), [
    (b"MZ", "来函.pdf", "只接收 PDF、JPG、PNG、DOCX 和 XLSX 文件，请转换后再上传。"),
    (b"", "来函.pdf", "这是一个空文件，请重新选择。"),
    (PDF, "机密.pdf", "含有密级标志“机密”。本系统为非涉密系统，不得上传。"),
])  # fmt: skip
def test_a_file_that_is_refused_says_why(client_of, officer_haidian, expert, data, name, words):
    page = upload(client_of(officer_haidian), make_report(officer_haidian, expert), data, name)
    assert (page.status_code, field_errors_of_upload(page)) == (422, [words])
    assert (Evidence.objects.count(), list(VAULT.folder().iterdir())) == (0, [])


def test_a_report_takes_ten_files(client_of, officer_haidian, expert):
    report = make_report(officer_haidian, expert)
    for _ in range(10):
        make_evidence(report)
    page = upload(client_of(officer_haidian), report)
    assert field_errors_of_upload(page) == ["一项最多附 10 个文件。"]


def test_a_file_about_an_illness_keeps_no_name_and_needs_the_right(
    client_of, officer_haidian, leader_city, expert
):
    report = make_report(officer_haidian, expert, "serious_illness")
    upload(client_of(officer_haidian), report, photo(), "某病诊断书.jpg")
    kept = Evidence.objects.get()
    assert (kept.name, kept.is_sensitive) == ("附件.jpg", True)
    answer = client_of(officer_haidian).get(at(expert, "evidence", kept.uuid))
    assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
    assert client_of(leader_city).get(at(expert, "evidence", kept.uuid)).status_code == 404


def test_a_file_that_is_gone_is_not_found(client_of, officer_haidian, expert):
    kept = make_evidence(make_report(officer_haidian, expert))
    VAULT.forget(kept.stored_as)
    assert client_of(officer_haidian).get(at(expert, "evidence", kept.uuid)).status_code == 404


# The list


def test_the_list_is_filtered_by_the_address(client_of, officer_haidian, staff_city):
    for name, code, kind in (("甲", "D04", "transfer"), ("乙", "D03", "award"), ("丙", "D03", "transfer")):
        make_report(officer_haidian, make_expert(name, unit_code=code), kind)
    client = client_of(staff_city)

    def names(query):
        return [report.expert.name for report in client.get(f"{LIST}?{query}").context["page"].rows]

    assert names("") == ["甲", "乙", "丙"]
    assert names("kind=transfer") == ["甲", "丙"]
    assert names("unit=D03") == ["乙", "丙"]
    assert names("unit=D03&kind=transfer") == ["丙"]
    assert names("state=effective") == []
    assert names("kind=x&state=y&unit=z&after=%00") == ["甲", "乙", "丙"]
    assert "没有符合条件的变动" in body(client.get(f"{LIST}?kind=major_achievement"))


def test_the_list_pages_by_key(client_of, officer_haidian, director_haidian, expert):
    reports = [make_report(officer_haidian, expert) for _ in range(30)]
    client = client_of(director_haidian)
    first = client.get(LIST).context
    assert [each.pk for each in first["page"].rows] == [each.pk for each in reports[:25]]
    second = client.get(LIST + first["next_url"]).context
    assert [each.pk for each in second["page"].rows] == [each.pk for each in reports[25:]]


def test_pages_take_the_same_statements_at_one_row_and_at_three(
    client_of, officer_haidian, director_haidian, expert
):
    director = client_of(director_haidian)
    director.get(LIST)
    pages = [LIST, f"{LIST}?state=effective&unit=D04"]
    report = make_report(officer_haidian, expert)
    make_evidence(report)
    pages.append(page_of(report))
    one = [len(queries(director, page)) for page in pages]
    for name in "丁戊":
        make_report(officer_haidian, make_expert(name))
        make_report(officer_haidian, expert, "award")
        make_evidence(report)
    three = [len(queries(director, page)) for page in pages]
    assert one == three
    assert three == [5, 6, 7], three
