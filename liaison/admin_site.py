"""Stock Django admin for the administrators, in Chinese; experts are in none of it."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class LiaisonAdminSite(AdminSite):
    site_title = "专家联系管理"
    site_header = "专家联系 · 系统管理"
    index_title = "管理事项"
    enable_nav_sidebar = False


class LiaisonAdminConfig(AdminConfig):
    default_site = "liaison.admin_site.LiaisonAdminSite"
