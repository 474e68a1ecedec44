from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.units, name="units"),
    path("options/", views.unit_options, name="unit_options"),
    path("<str:code>/", views.unit, name="unit"),
    path("<str:code>/settings/<slug:key>/", views.unit_setting, name="unit_setting"),
    path("<str:code>/settings/<slug:key>/inherit/", views.inherit_unit_setting, name="inherit_unit_setting"),
]
