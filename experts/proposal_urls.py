"""Routes of proposals and of the worklists that lead to them. A proposal is addressed by uuid."""

from django.urls import path

from experts.views import proposal_files, proposal_jobs, proposals, worklists

app_name = "proposals"
urlpatterns = [
    path("", proposals.proposal_list, name="list"),
    path("new/", proposals.proposal_create, name="create"),
    path("experts/", proposals.experts, name="experts"),
    path("to-admit/", worklists.to_admit, name="to_admit"),
    path("to-raise/", worklists.to_raise, name="to_raise"),
    path("to-leave/", worklists.to_leave, name="to_leave"),
    path("<uuid:uuid>/", proposals.proposal_detail, name="detail"),
    path("<uuid:uuid>/edit/", proposals.proposal_edit, name="edit"),
    path("<uuid:uuid>/act/", proposals.proposal_act, name="act"),
    path("<uuid:uuid>/add/", proposals.proposal_add, name="add"),
    path("<uuid:uuid>/lines/", proposals.proposal_lines, name="lines"),
    path("<uuid:uuid>/all-lines/", proposals.proposal_all, name="all_lines"),
    path("<uuid:uuid>/files/", proposal_files.file_add, name="file_add"),
    path("<uuid:uuid>/files/<uuid:file>/", proposal_files.file, name="file"),
    path("<uuid:uuid>/files/<uuid:file>/remove/", proposal_files.file_remove, name="file_remove"),
    path("<uuid:uuid>/progress/", proposal_jobs.work_progress, name="progress"),
    path("<uuid:uuid>/stop/", proposal_jobs.work_stop, name="stop"),
    path("<uuid:uuid>/restart/", proposal_jobs.work_restart, name="restart"),
    path("<uuid:uuid>/lines/<uuid:line>/remove/", proposals.proposal_remove, name="remove"),
]
