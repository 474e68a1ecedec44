"""The tab of an expert's page that says who looked at, showed, changed and exported the record."""

import pytest

from audit.actions import record
from audit.verbs import Verb
from experts.log import SHOWN
from tests.experts.pages import at, body
from tests.factories import make_expert

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert(db):
    return make_expert("张一")


@pytest.fixture
def log(client_of, officer_haidian, expert):
    """The tab as text, blanks removed."""

    def read():
        page = body(client_of(officer_haidian).get(at(expert) + "?tab=log"))
        return "".join(page.split('<nav class="tabs')[-1].split())

    return read


@pytest.mark.parametrize(("verb", "facts", "said"), [
    (Verb.VIEW, {}, "查看了档案"),
    (Verb.CREATE, {}, "建立了档案"),
    (Verb.CHANGE, {"fields": ["post", "title", "phone"]}, "修改了职务、职称、手机号码"),
    (Verb.CHANGE, {"fields": ["awards", "CAS"]}, "修改了称号奖励、中国科学院院士"),
    (Verb.CHANGE, {"fields": ["confirmed_on"]}, "修改了信息核实日期"),
    (Verb.CONFIRM, {"fields": ["awards", "CAS"]}, "核实了称号奖励、中国科学院院士"),
    (Verb.REVEAL, {"fields": ["phone"], "reason": "走访联系"}, "显示了手机号码"),
    (Verb.EXPORT, {}, "导出了档案"),
    (Verb.DELETE, {"fields": ["awards", "CAS"]}, "删除了称号奖励、中国科学院院士"),
])  # fmt: skip
def test_acts_read_in_plain_words(log, expert, officer_haidian, verb, facts, said):
    record(verb, by=officer_haidian, kind="expert", reference=expert.record_number, **facts)
    assert f"<b>{officer_haidian.display_name}</b>{said}<" in log()


def test_the_reason_given_for_showing_a_value_is_shown(log, expert):
    record(Verb.REVEAL, by=None, kind="expert", reference=expert.record_number, reason="走访联系")
    assert '<b>系统</b>显示了档案<divclass="text-secondary">事由：走访联系</div>' in log()


def test_the_newest_comes_first_and_what_is_left_out_is_said(log, expert):
    for number in range(SHOWN + 1):
        record(Verb.VIEW, by=None, kind="expert", reference=expert.record_number, reason=f"第{number}次")
    page = log()
    assert page.index(f"第{SHOWN}次") < page.index("第1次")
    assert ("第0次" in page, f"只列出最近{SHOWN}条" in page) == (False, True)


def test_acts_on_others_are_not_among_them(log, expert):
    record(Verb.VIEW, by=None, kind="expert", reference=make_expert("张二").record_number)
    record(Verb.VIEW, by=None, kind="user", reference=expert.record_number)
    assert "还没有查阅或改动记录" in log()
