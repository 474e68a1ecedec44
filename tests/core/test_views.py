"""The pages that belong to no app."""

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from core import views

FOOT = "本系统为非涉密信息系统，严禁存储、处理、传输国家秘密信息。"


@pytest.mark.django_db
def test_healthz_answers_anyone():
    response = Client().get("/healthz")
    assert (response.status_code, response.content, response["Content-Type"]) == (200, b"ok", "text/plain")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_gallery_needs_sign_in():
    response = Client().get(reverse("core:gallery"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_gallery_stands_in_the_shell(client_of, officer_haidian):
    html = client_of(officer_haidian).get(reverse("core:gallery")).content.decode()
    assert "<title>界面组件 · 专家联系</title>" in html
    assert '<a class="skip" href="#content">' in html
    assert officer_haidian.display_name in html
    assert FOOT in html


def test_shell_leaves_out_search_for_those_who_see_no_experts(client_of, sysadmin, officer_haidian):
    page = reverse("core:gallery")
    assert b'role="combobox"' in client_of(officer_haidian).get(page).content
    assert b'role="combobox"' not in client_of(sysadmin).get(page).content


@pytest.mark.django_db
def test_missing_page_is_told_in_chinese():
    response = Client().get("/no-such-page/")
    assert response.status_code == 404
    assert "没有这个页面" in response.content.decode()
    assert FOOT in response.content.decode()


@pytest.mark.django_db
def test_form_without_token_is_refused_with_what_to_do():
    response = Client(enforce_csrf_checks=True).post(
        reverse("account_login"), {"login": "a", "password": "b"}
    )
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize(
    ("refuse", "status", "title"),
    [
        (lambda request: views.bad_request(request, ValueError()), 400, "请求无法识别"),
        (views.csrf_failure, 403, "页面已过期"),
        (views.server_error, 500, "系统出错"),
    ],
)
def test_refusal_needs_neither_user_nor_database(settings, refuse, status, title, demo):
    settings.DEMO = demo
    response = refuse(RequestFactory().get("/"))
    html = response.content.decode()
    assert response.status_code == status
    assert f"<title>{title} · 专家联系</title>" in html
    assert ("演示环境" in html) is demo
    assert FOOT in html


@pytest.mark.parametrize("name", ["429.html", "503.html", "403.html", "account/locked.html"])
def test_other_refusals_stand_alone(name):
    assert FOOT in render_to_string(name)
