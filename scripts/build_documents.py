"""Build the Word templates that ship with the product: templates/documents/*.docx.

    .venv/bin/python scripts/build_documents.py

They are what an administrator downloads, changes in Word and uploads again. A test compares the files with
what this script builds. The names between braces are those of reports/samples.py.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

TARGET = Path(__file__).resolve().parent.parent / "templates" / "documents"
BODY, TITLE, LATIN = "仿宋_GB2312", "方正小标宋简体", "Times New Roman"
CENTER, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
PORTRAIT = {"width": 210, "height": 297, "top": 30, "bottom": 26, "left": 28, "right": 26}
LANDSCAPE = {"width": 297, "height": 210, "top": 28, "bottom": 24, "left": 20, "right": 20}
LONG_AGO = (2026, 1, 1, 0, 0, 0)  # so that building twice gives the same bytes


class Form:
    """A document on A4 with the number and the exporter above and the notice and the page below."""

    def __init__(self, *, wide: bool = False) -> None:
        self.document: Any = Document()
        self.page = LANDSCAPE if wide else PORTRAIT
        self.width = self.page["width"] - self.page["left"] - self.page["right"]
        self._set_page(wide)
        self._set_fonts()
        section = self.document.sections[0]
        self._line(section.header, "导出编号 {{ number }}\t导出人 {{ exporter }}　{{ exported_at }}")
        foot = self._line(section.footer, "{{ notice }}\t第 ")
        for code, after in (("PAGE", " 页 共 "), ("NUMPAGES", " 页")):
            add_field(foot, code)
            small(foot.add_run(after))
        title = self.document.add_paragraph(style="Title")
        title.add_run("{{ title }}")

    def _set_page(self, wide: bool) -> None:
        section, page = self.document.sections[0], self.page
        section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(page["width"]), Mm(page["height"])
        section.top_margin, section.bottom_margin = Mm(page["top"]), Mm(page["bottom"])
        section.left_margin, section.right_margin = Mm(page["left"]), Mm(page["right"])
        section.header_distance = section.footer_distance = Mm(15)

    def _set_fonts(self) -> None:
        styles = self.document.styles
        set_font(styles["Normal"], BODY, 12)
        styles["Normal"].paragraph_format.space_after = Pt(0)
        set_font(styles["Title"], TITLE, 22)
        styles["Title"].font.color.rgb = None
        styles["Title"].paragraph_format.alignment = CENTER
        styles["Title"].paragraph_format.space_after = Pt(6)
        for border in styles["Title"].element.pPr.findall(qn("w:pBdr")):
            styles["Title"].element.pPr.remove(border)

    def _line(self, place: Any, words: str) -> Any:
        """The one line of a header or footer, its second part at the right margin."""
        paragraph = place.paragraphs[0]
        paragraph.style.paragraph_format.tab_stops.clear_all()
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(self.width), WD_TAB_ALIGNMENT.RIGHT)
        small(paragraph.add_run(words))
        return paragraph

    def say(self, words: str, *, align: Any = None, size: float = 12) -> None:
        paragraph = self.document.add_paragraph()
        paragraph.alignment = align
        paragraph.add_run(words).font.size = Pt(size)

    def pair(self, left: str, right: str) -> None:
        """Two texts on one line, at both margins."""
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(self.width), WD_TAB_ALIGNMENT.RIGHT)
        paragraph.paragraph_format.space_after = Pt(3)
        paragraph.add_run(f"{left}\t{right}")

    def table(self, widths: Sequence[float]) -> Any:
        """An empty grid; widths are parts of the line."""
        table = self.document.add_table(0, len(widths), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        for column, part in zip(table.columns, widths, strict=True):
            column.width = Mm(self.width * part / sum(widths))
        return table

    def facts(self, widths: Sequence[float], rows: Sequence[Sequence[str]]) -> Any:
        """A form: labels and values by turns; an empty text widens the value before it."""
        table = self.table(widths)
        for row in rows:
            cells = add_row(table).cells
            starts = [place for place, words in enumerate(row) if words]
            for start, end in zip(starts, [*starts[1:], len(row)], strict=True):
                cell = cells[start].merge(cells[end - 1]) if end - start > 1 else cells[start]
                write(cell, row[start], align=None if "{{" in row[start] else CENTER)
        return table

    def rows(self, widths: Sequence[float], heads: Sequence[str], loop: str, values: Sequence[str]) -> Any:
        """A list: a head that repeats on every page, and a row for each of `loop` (`row in rows`)."""
        table = self.table(widths)
        head = add_row(table)
        repeat(head)
        for cell, words in zip(head.cells, heads, strict=True):
            write(cell, words, align=CENTER, bold=True, size=10.5)
        tag(table, f"for {loop}")
        for cell, words in zip(add_row(table).cells, values, strict=True):
            write(cell, words, size=10.5)
        tag(table, "endfor")
        return table

    def opinions(self, *boxes: tuple[str, str]) -> None:
        """For each act what was said, by whom and when; blank where it is still to be written."""
        table = self.table((1, 5))
        for label, name in boxes:
            row = add_row(table)
            row.height = Mm(28)
            write(row.cells[0], label, align=CENTER)
            write(row.cells[1], f"{{{{ {name}.note }}}}")
            signed = row.cells[1].add_paragraph(f"{{{{ {name}.by }}}}　　{{{{ {name}.at }}}}")
            signed.alignment, signed.paragraph_format.space_before = RIGHT, Pt(30)

    def gap(self) -> None:
        self.document.add_paragraph().paragraph_format.line_spacing = Pt(8)

    def save(self, name: str) -> bytes:
        properties = self.document.core_properties
        properties.author = properties.comments = properties.last_modified_by = ""
        properties.title = name
        properties.created = properties.modified = datetime(*LONG_AGO)  # noqa: DTZ001
        raw = BytesIO()
        self.document.save(raw)
        return dated(raw.getvalue())


def dated(data: bytes) -> bytes:
    """The same parts with a fixed date."""
    made = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(made, "w", ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(ZipInfo(part.filename, LONG_AGO), source.read(part), ZIP_DEFLATED)
    return made.getvalue()


def set_font(style: Any, name: str, size: float) -> None:
    style.font.name, style.font.size, style.font.bold = LATIN, Pt(size), False
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), name)


def small(run: Any) -> None:
    run.font.size = Pt(9)


def add_field(paragraph: Any, code: str) -> None:
    """A number that Word fills in."""
    for kind, words in (("begin", ""), ("", code), ("separate", ""), ("text", "1"), ("end", "")):
        run = paragraph.add_run()
        small(run)
        if kind == "text":
            run.text = words
        elif words:
            instruction = OxmlElement("w:instrText")
            instruction.text = words
            run._r.append(instruction)
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def add_row(table: Any) -> Any:
    """A row that stays on one page, as wide as the columns are."""
    row = table.add_row()
    for cell, column in zip(row.cells, table.columns, strict=True):
        cell.width = column.width
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return row


def repeat(row: Any) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def tag(table: Any, words: str) -> None:
    """A row that only says what is repeated or left out."""
    add_row(table).cells[0].text = f"{{%tr {words} %}}"


def write(cell: Any, words: str, *, align: Any = None, bold: bool = False, size: float = 12) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(words)
    run.bold, run.font.size = bold, Pt(size)


def roster() -> bytes:
    form = Form(wide=True)
    form.say("{{ summary }}", align=CENTER)
    form.gap()
    names = [
        "no",
        "name",
        "gender",
        "birth",
        "employer",
        "post",
        "title",
        "category",
        "scope",
        "basis",
        "since",
        "unit",
    ]
    form.rows(
        (1, 2, 1, 2, 4, 2.6, 2, 2.6, 1.4, 4, 2.4, 2.6),
        [
            "序号",
            "姓名",
            "性别",
            "出生年月",
            "工作单位",
            "职务",
            "职称",
            "类别",
            "联系范围",
            "认定依据",
            "列入日期",
            "名单单位",
        ],
        "row in rows",
        [f"{{{{ row.{name} }}}}" for name in names],
    )
    form.gap()
    form.say("{{ note }}", size=10.5)
    return form.save("联系专家名单")


def card() -> bytes:
    form = Form()
    form.pair("档案号　{{ record_number }}", "联系单位　{{ unit }}")
    table = form.facts(
        (24, 36, 22, 36, 34),
        [
            ("姓名", "{{ name }}", "性别", "{{ gender }}", "照片"),
            ("曾用名", "{{ former_names }}", "出生年月", "{{ birth }}", "　"),
            ("国籍", "{{ nationality }}", "政治面貌", "{{ political_affiliation }}", "　"),
            ("学历学位", "{{ education }}", "职称", "{{ expert_title }}", "　"),
            ("工作单位", "{{ employer }}", "", "", ""),
            ("职务", "{{ post }}", "学科", "{{ discipline }}", ""),
            ("研究方向", "{{ fields_of_work }}", "", "", ""),
            ("办公电话", "{{ office_phone }}", "邮箱", "{{ email }}", ""),
            ("通信地址", "{{ address }}", "", "", ""),
            ("联系范围", "{{ scope }}", "类别", "{{ category }}", ""),
            ("认定依据", "{{ basis }}", "", "", ""),
        ],
    )
    for row in table.rows[1:4]:
        row.cells[4].text = ""
    photo = table.cell(0, 4).merge(table.cell(3, 4))
    for spare in photo.paragraphs[1:]:
        spare._p.getparent().remove(spare._p)
    form.gap()
    values = [f"{{{{ award.{name} }}}}" for name in ("name", "year", "issuer", "state")]
    form.rows((6, 2, 5, 2.6), ("称号奖励", "年度", "授予单位", "核实情况"), "award in awards", values)
    form.gap()
    values = [f"{{{{ entry.{name} }}}}" for name in ("unit", "scope", "since", "until")]
    form.rows((6, 2.6, 3, 3), ("名单单位", "联系范围", "列入", "退出"), "entry in entries", values)
    form.gap()
    foot = form.facts(
        (24, 46, 22, 64),
        [
            ("信息核实", "{{ confirmed }}", "填表日期", "{{ filled_on }}"),
            ("填表单位", "（盖章）　　　　年　　月　　日", "", ""),
        ],
    )
    foot.rows[1].height = Mm(22)
    foot.cell(1, 1).paragraphs[0].alignment = RIGHT
    return form.save("专家登记表")


def proposal() -> bytes:
    form = Form()
    form.pair("提案编号　{{ proposal_number }}", "{{ state }}")
    form.facts(
        (26, 52, 26, 52),
        [
            ("单位", "{{ unit }}", "事项", "{{ kind }}"),
            ("生效日期", "{{ effective_on }}", "人数", "{{ total }}"),
            ("说明", "{{ note }}", "", ""),
        ],
    )
    form.say(
        "{% if conditions %}纳入的专家应符合基本条件：{{ conditions|join('；') }}。{% endif %}", size=10.5
    )
    form.say("{% if files %}佐证材料：{{ files|join('、') }}。{% endif %}", size=10.5)
    names = ["no", "name", "work", "now", "proposed", "why", "note"]
    form.rows(
        (10, 20, 42, 22, 22, 28, 28),
        ("序号", "姓名", "工作单位和职务", "现在", "提议", "{{ why_head }}", "备注"),
        "row in rows",
        [f"{{{{ row.{name} }}}}" for name in names],
    )
    form.gap()
    form.opinions(("提出", "submitted"), ("审核意见", "reviewed"), ("审批意见", "approved"))
    return form.save("名单调整审批表")


def leaving() -> bytes:
    form = Form()
    form.facts(
        (28, 50, 28, 50),
        [
            ("姓名", "{{ name }}", "档案号", "{{ record_number }}"),
            ("工作单位", "{{ employer }}", "", ""),
            ("职务", "{{ post }}", "联系单位", "{{ unit }}"),
            ("知悉日期", "{{ known_on }}", "办理期限", "{{ due_on }}"),
            ("告知本人", "{{ told }}", "办理情况", "{{ state }}"),
            ("情形和事实", "{{ facts }}", "", ""),
        ],
    )
    form.opinions(
        ("登记", "registered"), ("审核意见", "checked"), ("审批意见", "decided"), ("复核意见", "reviewed")
    )
    return form.save("退出审批表")


BUILT = {"roster": roster, "card": card, "proposal": proposal, "exit": leaving}


def main() -> None:
    """Write every template."""
    for name, build in BUILT.items():
        (TARGET / f"{name}.docx").write_bytes(build())


if __name__ == "__main__":
    main()
