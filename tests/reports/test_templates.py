"""Replacing the Word template of a document: what is refused and why, versions, going back, and the trail."""

import os
import subprocess
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import Event
from reports import actions, samples
from reports.models import Document, DocumentTemplate
from reports.printing import shipped, template_of
from reports.templates import Checked, checked
from reports.typesetting import Refused, press
from reports.typesetting.word import set_word
from scripts import build_documents
from tests.factories import make_expert
from tests.reports.making import ask, fetched, grids, make, text_of
from tests.reports.word_files import BODY, FOOTER, RELATIONS, TITLE, rewritten, saying

pytestmark = pytest.mark.django_db
ADD = "/admin/reports/documenttemplate/add/"
LIST = "/admin/reports/documenttemplate/"


def refused(data, document=Document.CARD, name="登记表.docx"):
    """Why it is not accepted; empty when it is."""
    try:
        checked(document, BytesIO(data), name)
    except ValidationError as problem:
        return problem.messages
    return []


# The shipped ones


@pytest.mark.parametrize("document", Document.values)
def test_the_shipped_template_is_what_the_script_builds_and_would_be_accepted(document):
    assert shipped(document) == build_documents.BUILT[document]()
    assert refused(shipped(document), Document(document)) == []


@pytest.mark.parametrize("document", Document.values)
def test_the_shipped_template_sets_every_name_it_uses(document):
    data = samples.sample(document)
    text = text_of(set_word(shipped(document), data))
    for value in (data["number"], data["exporter"], data["notice"], data["title"]):
        assert value in text
    assert "{{" not in text
    assert "{%" not in text


@pytest.mark.parametrize("document", Document.values)
def test_typst_sets_every_document(document):
    text = text_of(press.pressed(document, samples.sample(document)))
    assert samples.NUMBER in text


# Hostile and broken ones


@pytest.mark.parametrize(("words", "said"), [
    ("{{ ''.__class__.__mro__ }}", "以下划线开头的名称"),
    ("{{ name['__class__'] }}", "以下划线开头的名称"),
    ("{{ name|attr('__class__') }}", "过滤器：attr"),
    ("{{ name|safe }}", "过滤器：safe"),
    ("{{ name.upper() }}", "（Call）"),
    ("{% for i in range(1000000000) %}x{% endfor %}", "循环只能走一份数据"),
    ("{{ 'a' * 1000000000 }}", "（Mul）"),
    ("{{ 2 ** 1000000000 }}", "（Pow）"),
    ("{% set x = 1 %}", "（Assign）"),
    ("{% macro m() %}{% endmacro %}", "（Macro）"),
    ("{% include 'x' %}", "（Include）"),
    ("{% import 'os' as os %}", "（Import）"),
    ("{% autoescape false %}{{ name }}{% endautoescape %}", "ScopedEvalContextModifier"),
    ("{{ nmae }}", "没有这个名称：nmae。"),
    ("{% if false %}{{ nmae }}{% endif %}", "没有这个名称：nmae。"),
    ("{% for award in awards %}{{ award.nmae }}{% endfor %}", "没有这个名称：award.nmae。"),
    ("{{ name.first }}", "没有这个名称：name.first。"),
    ("{{ name ", "花括号里的写法有误"),
    ("{% endfor %}", "花括号里的写法有误"),
    ("{{ config }}{{ request }}", "没有这个名称：config。"),
])  # fmt: skip
def test_a_template_that_does_what_it_may_not_is_refused_in_words(words, said):
    problems = refused(saying(words.replace("<", "&lt;").replace(">", "&gt;")))
    assert said in "".join(problems), problems


def test_every_unknown_name_is_told_at_once_also_in_the_footer():
    data = rewritten(
        shipped("card"), {BODY: [(TITLE, TITLE + "{{ nmae }}{{ empolyer }}")], FOOTER: [("notice", "notcie")]}
    )
    assert refused(data) == ["没有这个名称：nmae。", "没有这个名称：empolyer。", "没有这个名称：notcie。"]


def test_what_the_sandbox_would_meet_is_stopped_by_it_too():
    """Without our own look at it, the environment itself gives nothing away and nothing can be changed."""
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from reports.typesetting.word import Environment

    assert issubclass(Environment, ImmutableSandboxedEnvironment)
    plain = ImmutableSandboxedEnvironment()
    with pytest.raises(SecurityError):
        plain.from_string("{{ ''.__class__.__mro__ }}").render()


def test_loops_within_loops_run_out_of_time():
    words = "x"
    for name in "abcdefgh":
        words = f"{{% for {name} in awards %}}{words}{{% endfor %}}"
    many = samples.sample("card") | {"awards": samples.sample("card")["awards"] * 40}
    with pytest.raises(press.TooMuch):
        press.pressed("card", many, template=saying(words), seconds=3)


def test_work_that_is_not_wanted_any_more_ends_at_once(monkeypatch):
    class Unwanted(Exception):
        pass

    def unwanted():
        raise Unwanted

    started = []
    begin = subprocess.Popen
    monkeypatch.setattr(
        "reports.typesetting.press.subprocess.Popen",
        lambda *args, **options: started.append(begin(*args, **options)) or started[-1],
    )
    monkeypatch.setattr("reports.typesetting.press.EVERY", 0.01)
    with pytest.raises(Unwanted):
        press.pressed("card", samples.sample("card"), wanted=unwanted)
    assert started[0].poll() is not None


def test_the_process_that_sets_knows_no_secret(monkeypatch):
    seen = {}
    begin = subprocess.Popen

    def watched(command, **options):
        seen.update(options["env"])
        return begin(command, **options)

    monkeypatch.setenv("SECRET_KEY", "never")
    monkeypatch.setattr("reports.typesetting.press.subprocess.Popen", watched)
    press.pressed("card", samples.sample("card"))
    assert set(seen) == {"PATH", "LANG", "PYTHONDONTWRITEBYTECODE"}


EXTERNAL = (
    '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}"'
    ' Target="http://evil.example/x" TargetMode="{}"/></Relationships>'
)


@pytest.mark.parametrize(("kind", "mode"), [
    ("image", "External"), ("hyperlink", "&#69;xternal"), ("attachedTemplate", "Internal"),
    ("aFChunk", "Internal"), ("oleObject", "Internal"),
])  # fmt: skip
def test_relations_that_take_something_in_are_refused(kind, mode):
    data = rewritten(shipped("card"), {RELATIONS: [("</Relationships>", EXTERNAL.format(kind, mode))]})
    assert "外部文件" in refused(data)[0]


@pytest.mark.parametrize("code", [
    '<w:r><w:instrText>DDEAUTO c:\\\\x</w:instrText></w:r>',
    '<w:r><w:instrText>INCLUDE</w:instrText></w:r><w:r><w:instrText>TEXT "x"</w:instrText></w:r>',
    '<w:r><w:instrText>{{ name }}</w:instrText></w:r>',
    '<w:fldSimple w:instr="INCLUDEPICTURE x"/>',
])  # fmt: skip
def test_fields_that_take_something_in_are_refused(code):
    data = rewritten(shipped("card"), {FOOTER: [("</w:p>", f"{code}</w:p>")]})
    assert "会引用外部内容的域" in refused(data)[0]


@pytest.mark.parametrize(("data", "said"), [
    (b"", "请上传 Word 文档"),
    (b"%PDF-1.4\nstartxref\n%%EOF", "请上传 Word 文档"),
    (b"hello", "请上传 Word 文档"),
    (b"\xd0\xcf\x11\xe0old", "旧格式"),
    (b"PK\x03\x04broken", "已损坏"),
])  # fmt: skip
def test_what_is_no_word_file_is_refused(data, said):
    assert said in refused(data)[0]


def test_macros_embedded_files_marks_and_size_are_refused():
    assert "宏" in refused(rewritten(shipped("card"), {}, {"word/vbaProject.bin": b"x"}))[0]
    assert "嵌入" in refused(rewritten(shipped("card"), {}, {"word/embeddings/x.docx": b"x"}))[0]
    assert "密级标志" in refused(saying("机密★"))[0]
    assert "超过 2 MB" in refused(rewritten(shipped("card"), {}, {"word/media/x.png": os.urandom(2**21)}))[0]
    assert "已损坏" in refused(rewritten(shipped("card"), {}, {"word/x.xml": b"<a><b></a>"}))[0]
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    assert "已损坏" in refused(rewritten(shipped("card"), {}, {"word/x.xml": bomb}))[0]


@pytest.mark.parametrize(("name", "part"), [("number", "word/header1.xml"), ("notice", FOOTER)])
def test_the_number_the_exporter_and_the_notice_have_to_stay(name, part):
    data = rewritten(shipped("card"), {part: [(f"{{{{ {name} }}}}", "")]})
    (problem,) = refused(data)
    assert f"{{{{ {name} }}}}" in problem


def test_a_template_of_another_document_is_told_by_its_names():
    assert "没有这个名称：proposal_number。" in refused(shipped("proposal"), Document.CARD)


# Versions


@pytest.fixture
def admin(client_of, sysadmin):
    return client_of(sysadmin)


def upload(admin, data, document="card", note="", name="新模板.docx"):
    file = SimpleUploadedFile(name, data)
    return admin.post(ADD, {"document": document, "upload": file, "note": note})


def test_an_upload_is_used_from_then_on_and_on_the_record(admin, client_of, officer_haidian, monkeypatch):
    response = upload(admin, saying("（新版）"), note="按新格式")
    assert (response.status_code, response["Location"]) == (302, LIST), response.content.decode()
    made = DocumentTemplate.objects.get()
    assert (made.version, made.is_used, made.note, made.name) == (1, True, "按新格式", "新模板.docx")
    event = Event.objects.get(kind="document_template")
    assert (event.verb, event.username, event.reference) == ("create", "sysadmin", "card-1")
    assert event.counts == {"sm3": made.digest}
    client, expert = client_of(officer_haidian), make_expert("林一")
    path = f"/exports/expert/{expert.uuid}/"
    assert "专家登记表（新版）" in text_of(fetched(client, monkeypatch, path=path, format="docx"))
    assert "新版" not in text_of(fetched(client, monkeypatch, path=path, format="pdf"))


def test_earlier_versions_stay_and_can_be_used_again_and_the_shipped_one_too(admin):
    for words in ("（一）", "（二）"):
        upload(admin, saying(words))
    assert template_of("card") == saying("（二）")
    first, second = DocumentTemplate.objects.order_by("version")
    admin.post(LIST, {"action": "use", "_selected_action": [first.pk]})
    assert template_of("card") == saying("（一）")
    admin.post(LIST, {"action": "stop", "_selected_action": [first.pk, second.pk]})
    assert template_of("card") == shipped("card")
    assert DocumentTemplate.objects.count() == 2
    reasons = Event.objects.filter(kind="document_template", verb="change").order_by("pk")
    assert [event.reason for event in reasons] == ["启用这一版", "恢复自带模板"]


def test_of_one_document_only_one_version_can_be_chosen(admin):
    for words in ("（一）", "（二）"):
        upload(admin, saying(words))
    pks = list(DocumentTemplate.objects.values_list("pk", flat=True))
    page = admin.post(LIST, {"action": "use", "_selected_action": pks}, follow=True).content.decode()
    assert "请只选一个" in page
    assert template_of("card") == saying("（二）")


def test_what_is_refused_is_said_beside_the_file_and_changes_nothing(admin):
    page = upload(admin, saying("{{ nmae }}")).content.decode()
    assert "没有这个名称：nmae。" in page
    assert "密级标志" in upload(admin, saying(""), note="机密★").content.decode()
    assert "请选择文件" in admin.post(ADD, {"document": "card"}).content.decode()
    assert not DocumentTemplate.objects.exists()


def test_the_page_offers_the_shipped_templates_and_the_names(admin):
    page = admin.get(ADD).content.decode()
    assert "award.issuer" not in page
    for words in ("awards.issuer", "授予单位", "/admin/reports/documenttemplate/shipped/roster/"):
        assert words in page
    response = admin.get(reverse("admin:reports_documenttemplate_shipped", args=["roster"]))
    assert response.content == shipped("roster")
    assert admin.get("/admin/reports/documenttemplate/shipped/nothing/").status_code == 404


def test_a_version_can_be_taken_back_out(admin):
    upload(admin, saying("（一）"))
    made = DocumentTemplate.objects.get()
    response = admin.get(reverse("admin:reports_documenttemplate_file", args=[made.pk]))
    assert response.content == saying("（一）")
    page = admin.get(f"{LIST}{made.pk}/change/").content.decode()
    assert made.digest in page


def test_a_template_that_fits_no_more_is_told_to_who_exports(
    sysadmin, client_of, officer_haidian, monkeypatch
):
    """As after an upgrade that takes a name away."""
    data = saying("{{ gone }}")
    actions.add_template(by=sysadmin, template=Checked(Document.CARD, "登记表.docx", data))
    path = f"/exports/expert/{make_expert('林一').uuid}/"
    export = make(ask(client_of(officer_haidian), path=path, format="docx"), monkeypatch)
    assert export.job_error == "Word 模板不能用了，请联系系统管理员：没有这个名称：gone。"


def test_values_cannot_become_markup_or_fields():
    odd = "<w:br/>{{ 1 }}&amp;{% x %}]]><!-- \"'\x0b"
    data = samples.sample("card") | {"name": odd.replace("\x0b", "")}
    made = set_word(shipped("card"), data)
    assert grids(made)[0][0][1] == odd.replace("\x0b", "")


def test_a_name_that_is_missing_in_the_data_is_refused():
    with pytest.raises(Refused):
        set_word(shipped("card"), {"title": "x"})


@pytest.mark.parametrize(("name", "told"), [("欧阳䶮喆", False), ("王龘𱁬", True)])
def test_a_character_that_no_font_of_the_product_has_is_told_in_the_document(name, told):
    """䶮 and 喆 are of 通用规范汉字表."""
    text = text_of(press.pressed("card", samples.sample("card") | {"name": name}))
    assert ("U+9F98、U+3106C" in text, "请手工补写" in text) == (told, told)
    assert name[:1] in text
