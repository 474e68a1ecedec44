"""Routes of training: plans, classes, who takes part. Everything is addressed by uuid."""

from django.urls import path

from activities.views import nominations, training

app_name = "training"
urlpatterns = [
    path("", training.classes, name="list"),
    path("people/", training.people, name="people"),
    path("plans/", training.plans, name="plans"),
    path("plans/new/", training.plan_create, name="plan_create"),
    path("plans/<uuid:uuid>/", training.plan, name="plan"),
    path("plans/<uuid:uuid>/edit/", training.plan_edit, name="plan_edit"),
    path("plans/<uuid:uuid>/approve/", training.plan_approve, name="plan_approve"),
    path("plans/<uuid:uuid>/classes/new/", training.class_create, name="class_create"),
    path("<uuid:uuid>/", training.class_detail, name="detail"),
    path("<uuid:uuid>/edit/", training.class_edit, name="class_edit"),
    path("<uuid:uuid>/settle/", training.settle, name="settle"),
    path("<uuid:uuid>/nominate/", nominations.nominate, name="nominate"),
    path("<uuid:uuid>/act/", nominations.act, name="act"),
    path("<uuid:uuid>/print/", nominations.printed, name="print"),
    path("<uuid:uuid>/sessions/new/", training.session_add, name="session_add"),
    path("<uuid:uuid>/sessions/<uuid:session>/", nominations.attend, name="attend"),
    path("<uuid:uuid>/sessions/<uuid:session>/remove/", training.session_remove, name="session_remove"),
    path("<uuid:uuid>/files/new/", training.file_add, name="file_add"),
    path("<uuid:uuid>/files/<uuid:file>/", training.file, name="file"),
    path("<uuid:uuid>/files/<uuid:file>/remove/", training.file_remove, name="file_remove"),
]
