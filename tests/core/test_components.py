"""Every component: what it renders, that it escapes, and that the gallery shows it."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.template.base import Lexer, TokenType
from django.urls import reverse
from django.utils import timezone

from core import gallery, moments
from core.components import icon_names, register
from core.forms import StyledForm

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<script>alert('1')</script>\"><img src=x>"
ENDS = {f"end{name}" for name in register.tags}


def render(source, **context):
    html = Template(source).render(Context(context))
    return re.sub(r">\s+<", "><", re.sub(r"\s+", " ", html)).strip()


def gallery_source():
    return "".join(path.read_text() for path in sorted((ROOT / "templates/core").glob("gallery*.html")))


def use(name):
    return f'<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#{name}"></use></svg>'


@pytest.fixture(autouse=True)
def plain_static(settings):
    settings.STATIC_URL = "/static/"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


# Exact markup of the small ones


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% icon "users" %}', use("users")),
        (
            '{% icon "lock" label="已锁定" css="big" %}',
            '<svg class="icon big" role="img" aria-label="已锁定">'
            '<use href="/static/icons.svg#lock"></use></svg>',
        ),
        ('{% badge text="草稿" %}', '<span class="tag tag-neutral">草稿</span>'),
        ('{% scope_badge scope="key" %}', '<span class="tag tag-key">重点</span>'),
        ('{% scope_badge scope="general" long=True %}', '<span class="tag tag-general">普遍联系</span>'),
        ("{% scope_badge scope=None %}", '<span class="tag tag-neutral">未认定</span>'),
        (
            "{% label_mark label=2 %}",
            '<span class="mark mark-restricted"><span class="visually-hidden">标签：</span>限知悉</span>',
        ),
        (
            '{% datum label="曾用名" value="" %}',
            '<div class="fact"><dt>曾用名</dt><dd>—</dd></div>',
        ),
        (
            '{% datum label="在京工作" value=False %}',
            '<div class="fact"><dt>在京工作</dt><dd>否</dd></div>',
        ),
        (
            '{% datum_block label="空" %}  {% enddatum_block %}',
            '<div class="fact"><dt>空</dt><dd>—</dd></div>',
        ),
        (
            '{% crumb label="专家库" url="/experts/" %}',
            '<li class="breadcrumb-item"><a href="/experts/">专家库</a></li>',
        ),
        (
            '{% crumb label="林一" %}',
            '<li class="breadcrumb-item active" aria-current="page">林一</li>',
        ),
        (
            '{% button label="保存" type="submit" variant="primary" %}',
            '<button class="btn btn-primary" type="submit">保存</button>',
        ),
        (
            '{% button label="取消" href="/experts/" hx_get="/a" disabled=True %}',
            '<a class="btn" href="/experts/" hx-get="/a" disabled>取消</a>',
        ),
        (
            '{% button label="删除" icon="trash" icon_only=True %}',
            f'<button class="btn btn-icon" type="button" aria-label="删除">{use("trash")}</button>',
        ),
        (
            '{% datagrid columns=3 %}{% datum label="a" value="b" %}{% enddatagrid %}',
            '<dl class="facts facts-3"><div class="fact"><dt>a</dt><dd>b</dd></div></dl>',
        ),
        (
            '{% card title="待办" aside="9 项" %}<p>x</p>{% endcard %}',
            '<section class="card"><div class="card-header"><h2 class="card-title">待办</h2>'
            '<div class="card-actions text-secondary"> 9 项 </div></div>'
            '<div class="card-body"><p>x</p></div></section>',
        ),
        ("{% card flush=True %}<ul></ul>{% endcard %}", '<section class="card"><ul></ul></section>'),
    ],
)
def test_component_markup(source, expected):
    assert render(source) == expected


@pytest.mark.parametrize(
    ("offset", "state", "text"),
    [
        (-21, "due-late", "超期 21 天"),
        (0, "due-soon", "今天到期"),
        (9, "due-soon", "12-02"),
        (38, None, "12-31"),
    ],
)
def test_due_states(offset, state, text):
    today = date(2026, 11, 23)
    day = today + timedelta(days=offset)
    mark = f' class="{state}"' if state else ""
    expected = f'<time datetime="{day.isoformat()}"{mark}>{text}</time>'
    assert render("{% due day=day today=today %}", day=day, today=today) == expected


def test_due_without_a_day_says_what_it_is_told():
    html = render('{% due day=None empty="未安排" %}')
    assert html == '<span class="text-secondary">未安排</span>'


# Escaping


@pytest.mark.parametrize(
    "source",
    [
        "{% icon x label=x css=x %}",
        "{% badge text=x tone=x %}",
        "{% card title=x aside=x action_label=x action_url=x id=x css=x %}{{ x }}{% endcard %}",
        "{% datum label=x value=x hint=x %}",
        "{% datum_block label=x hint=x %}{{ x }}{% enddatum_block %}",
        "{% breadcrumbs %}{% crumb label=x url=x %}{% endbreadcrumbs %}",
        "{% tabs items=items label=x %}",
        "{% steps items=names current=1 %}",
        "{% empty_state title=x hint=x action_label=x action_url=x %}",
        "{% menu label=x %}{{ x }}{% endmenu %}",
        "{% list_item title=x detail=x url=x %}{{ x }}{% endlist_item %}",
        "{% todo_item title=x detail=x url=x due_text=x due_state=x %}{{ x }}{% endtodo_item %}",
        "{% timeline_item when=x title=x text=x detail=x %}{{ x }}{% endtimeline_item %}",
        "{% filter_chips chips=items clear_url=x %}{{ x }}{% endfilter_chips %}",
        "{% sort_header label=x url=x css=x %}",
        "{% pager previous_url=x next_url=x summary=x letters=letters %}",
        "{% bulk_bar noun=x %}{{ x }}{% endbulk_bar %}",
        "{% suggestions items=items query=x more_url=x %}",
        "{% suggestions items=nothing query=x %}",
        "{% conflict_table rows=rows mine=x theirs=x %}",
        "{% stat label=x value=x unit=x hint=x url=x %}",
        "{% progress_bar value=1 total=2 label=x detail=x tone=x %}",
        "{% button label=x href=x data_confirm=x %}",
        "{% button label=x icon_only=True hx_post=x %}",
        "{% alert title=x %}{{ x }}{% endalert %}",
        "{% toasts messages=messages id=x %}",
        "{% confirm_dialog id=x title=x action=x confirm_label=x %}{{ x }}{% endconfirm_dialog %}",
        "{% masked label=x value=x reveal_url=x %}",
        "{% masked label=x value=x hide_url=x revealed=True %}",
        "{% form_field field=form.name label=x hint=x %}",
        "{% form_errors form=form %}",
        "{{ x|plain }}",
    ],
)
def test_component_escapes_hostile_text(source):
    class HostileForm(forms.Form):
        name = forms.IntegerField(label=HOSTILE)

        def clean(self):
            raise forms.ValidationError(HOSTILE)

    html = render(
        source,
        x=HOSTILE,
        names=[HOSTILE],
        nothing=[],
        items=[{"label": HOSTILE, "title": HOSTILE, "detail": HOSTILE, "mark": HOSTILE, "url": HOSTILE}],
        letters=[{"letter": HOSTILE, "url": HOSTILE, "active": True}],
        rows=[{"label": HOSTILE, "mine": HOSTILE, "theirs": HOSTILE, "differs": True}],
        messages=[Message(constants.ERROR, HOSTILE)],
        form=HostileForm({"name": HOSTILE}),
    )
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<img" not in html


# Behaviour


def test_tabs_mark_the_current_one_and_show_a_count_of_nought():
    items = [{"label": "称号", "url": "/a", "active": True, "count": 0}, {"label": "变动", "url": "/b"}]
    html = render("{% tabs items=items %}", items=items)
    current = (
        '<a class="nav-link active" href="/a" aria-current="page">称号 <span class="tab-count">0</span></a>'
    )
    assert current in html
    assert '<a class="nav-link" href="/b">变动</a>' in html


def test_steps_mark_done_current_and_coming():
    html = render("{% steps items=items current=2 %}", items=["上传", "识别", "提交"])
    assert re.findall(r'class="wizard-step([^"]*)"', html) == [" done", " current", ""]
    assert html.count('aria-current="step"') == 1


def test_pager_disables_what_is_not_there():
    html = render('{% pager next_url="?after=x" %}')
    assert '<button class="btn btn-sm" type="button" disabled>上一页</button>' in html
    assert '<a class="btn btn-sm" href="?after=x" rel="next">下一页</a>' in html


def test_pager_letters_without_anybody_are_not_links():
    letters = [{"letter": "A", "url": "?from=A", "active": True}, {"letter": "I", "url": ""}]
    html = render("{% pager letters=letters %}", letters=letters)
    assert '<a href="?from=A" aria-current="true">A</a>' in html
    assert '<span aria-hidden="true">I</span>' in html


@pytest.mark.parametrize(
    ("direction", "mark"),
    [("asc", ' aria-sort="ascending"'), ("desc", ' aria-sort="descending"'), ("", "")],
)
def test_sort_header_tells_its_direction(direction, mark):
    html = render('{% sort_header label="姓名" url="?s" direction=direction %}', direction=direction)
    assert html.startswith(f'<th scope="col"{mark}><a class="sort')


@pytest.mark.parametrize(
    ("value", "total", "attributes"),
    [(27, 34, 'value="27" max="34" '), (0, 0, "")],
)
def test_progress_bar_is_indeterminate_without_a_total(value, total, attributes):
    html = render("{% progress_bar value=value total=total label='导入' %}", value=value, total=total)
    assert f'<progress {attributes}aria-label="导入">' in html


def test_filter_chips_name_what_they_remove():
    html = render(
        '{% filter_chips chips=chips clear_url="?" %}{% endfilter_chips %}', chips=gallery.samples()["chips"]
    )
    assert 'aria-label="去掉筛选：重点联系"' in html
    assert '<a href="?">清除</a>' in html


def test_filter_chips_without_chips_render_nothing():
    assert render("{% filter_chips chips=chips clear_url='?' %}{% endfilter_chips %}", chips=[]) == ""


def test_suggestions_number_their_options_and_say_when_there_are_none():
    html = render("{% suggestions items=items query='林' more_url='?q' %}", items=gallery.samples()["found"])
    assert re.findall(r'id="(suggestion-[^"]+)"', html) == ["suggestion-1", "suggestion-2", "suggestion-more"]
    assert "没有找到“林”" in render("{% suggestions items=items query='林' %}", items=[])


def test_toasts_map_message_levels():
    html = render("{% toasts messages=messages oob=True %}", messages=gallery.sample_messages())
    assert re.findall(r'class="notice notice-(\w+)"', html) == ["success", "warning", "danger", "info"]
    assert 'hx-swap-oob="beforeend"' in html


def test_confirm_dialog_carries_the_token_of_the_page():
    source = '{% confirm_dialog id="d" title="退出？" action="/x" %}正文{% endconfirm_dialog %}'
    html = render(source, csrf_token="token-of-the-page")
    assert '<form method="post" action="/x">' in html
    assert 'name="csrfmiddlewaretoken" value="token-of-the-page"' in html


def test_masked_offers_to_reveal_only_when_it_may():
    assert "hx-post" not in render('{% masked label="手机" value="100****0000" %}')
    assert 'hx-post="/r"' in render('{% masked label="手机" value="100****0000" reveal_url="/r" %}')


def test_masked_hides_a_revealed_value_again_after_a_minute():
    html = render('{% masked label="手机" value="1" revealed=True reveal_url="/r" hide_url="/h" %}')
    assert 'hx-get="/h" hx-trigger="click, load delay:60s"' in html
    assert "hx-post" not in html


def test_conflict_table_marks_the_rows_that_differ():
    html = render("{% conflict_table rows=rows %}", rows=gallery.samples()["versions"])
    assert html.count('class="conflict-row"') == 2
    assert '<td data-label="您填写的">2026-11-02</td><td data-label="现在保存的">—</td>' in html


# Forms


class PlainForm(forms.Form):
    """A form that knows nothing of the house, like allauth's."""

    name = forms.CharField(label="姓名", help_text="与证件一致")
    unit = forms.ChoiceField(label="单位", choices=[("1", "一")])
    gender = forms.ChoiceField(label="性别", choices=[("f", "女")], widget=forms.RadioSelect)
    frontline = forms.BooleanField(label="一线", required=False)


class MixedForm(StyledForm, PlainForm):
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize("form_class", [PlainForm, MixedForm])
def test_form_field_ties_label_help_and_error_to_the_control(form_class):
    html = render("{% form_field field=form.name %}", form=form_class({}))
    assert '<label class="form-label required" for="id_name">姓名</label>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="form-control is-invalid"' in html
    assert '<div class="form-hint" id="id_name_helptext">与证件一致</div>' in html
    assert '<div class="field-error" id="id_name_error">' in html


def test_form_field_hint_given_in_the_page_is_described_too():
    html = render("{% form_field field=form.unit hint='可改' %}", form=MixedForm())
    assert 'class="form-select"' in html
    assert 'aria-describedby="id_unit_helptext"' in html
    assert '<div class="form-hint" id="id_unit_helptext">可改</div>' in html


def test_form_field_groups_choices_under_a_legend():
    html = render("{% form_field field=form.gender %}", form=PlainForm())
    assert '<legend class="form-label required">性别</legend>' in html
    assert '<label class="form-check-label" for="id_gender_0">女</label>' in html
    assert 'class="form-check-input"' in html


def test_form_field_puts_a_check_box_before_its_label():
    html = render("{% form_field field=form.frontline %}", form=PlainForm())
    assert re.search(
        r'<input type="checkbox"[^>]*><label class="form-check-label" for="id_frontline">一线', html
    )


def test_form_fields_render_hidden_ones_bare():
    html = render("{% form_fields form=form %}", form=MixedForm())
    assert html.startswith('<input type="hidden" name="secret"')
    assert html.count('class="form-label') == 3


def test_form_errors_link_to_the_fields():
    html = render("{% form_errors form=form %}", form=PlainForm({}))
    assert '<a href="#id_name">姓名</a>：' in html
    assert render("{% form_errors form=form %}", form=PlainForm()) == ""


# Dates

NOON = timezone.make_aware(datetime(2026, 11, 23, 12, 0))


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=30), "刚刚"),
        (timedelta(minutes=5), "5 分钟前"),
        (timedelta(hours=3), "今天 09:00"),
        (timedelta(hours=13), "昨天 23:00"),
        (timedelta(days=36), "10-18"),
        (timedelta(days=400), "2025-10-19"),
    ],
)
def test_ago_text(passed, text):
    assert moments.ago_text(NOON - passed, now=NOON) == text


def test_ago_counts_days_on_the_wall_clock_of_the_office():
    assert moments.ago_text(datetime(2026, 11, 22, 15, 30, tzinfo=UTC), now=NOON) == "昨天 23:30"
    assert moments.ago_text(datetime(2026, 11, 22, 16, 30, tzinfo=UTC), now=NOON) == "今天 00:30"


def test_date_filters():
    late = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    source = "{{ d|day }} {{ d|month }} {{ d|moment }} {{ d|long_day }} {{ none|day }} {{ 1842|number }}"
    assert (
        render(source, d=late, none=None) == "2026-11-23 2026-11 2026-11-23 00:30 11 月 23 日 星期一 — 1,842"
    )


# The whole set


def test_gallery_shows_every_component():
    tokens = Lexer(gallery_source()).tokenize()
    used = {token.contents.split()[0] for token in tokens if token.token_type == TokenType.BLOCK}
    filters = set(re.findall(r"\|(\w+)", gallery_source()))
    assert set(register.tags) - used == set()
    assert set(register.filters) - filters == set()


def test_gallery_names_every_component_and_repeats_no_id(client_of, officer_haidian):
    html = client_of(officer_haidian).get(reverse("core:gallery")).content.decode()
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r'<h2 class="card-title">([^<]+)', html))))
    named |= set(re.findall(r'id="component-([a-z_]+)"', html))
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert (set(register.tags) | set(register.filters)) - named == set()
    assert [name for name in set(ids) if ids.count(name) > 1] == []


def test_component_arguments_are_keyword_only():
    with pytest.raises(Exception, match="too many positional arguments"):
        Template("{% badge '草稿' %}")


def test_every_block_tag_has_its_end():
    assert ENDS.isdisjoint(register.tags)


def test_every_icon_named_in_a_template_is_in_the_sprite():
    named = set()
    for path in (ROOT / "templates").rglob("*.html"):
        source = path.read_text()
        named |= set(re.findall(r'{% icon "([\w-]+)"', source))
        named |= set(re.findall(r'{%[^%]*\bicon="([\w-]+)"', source))
    assert "users" in named
    assert named - set(icon_names()) == set()


def test_sprite_holds_the_listed_icons():
    lines = (ROOT / "scripts/icons.txt").read_text().splitlines()
    assert set(icon_names()) == {line.strip() for line in lines if line.strip() and not line.startswith("#")}
