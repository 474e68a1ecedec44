"""Routes of the register. An expert is addressed by uuid, never by primary key."""

from django.urls import path

from experts.views import acts, awards, catalogue, need_to_know, register, restriction, sensitive
from experts.views import roster as rosters

app_name = "experts"
urlpatterns = [
    path("", register.expert_list, name="list"),
    path("suggest/", register.suggest, name="suggest"),
    path("new/", register.expert_create, name="create"),
    path("bulk/", acts.bulk, name="bulk"),
    path("filters/", acts.save_filter, name="save_filter"),
    path("filters/<uuid:saved>/delete/", acts.delete_filter, name="delete_filter"),
    path("honours/", catalogue.honours, name="honours"),
    path("honours/new/", catalogue.honour_add, name="honour_add"),
    path("honours/changes/<uuid:uuid>/", catalogue.honour_change, name="honour_change"),
    path("honours/changes/<uuid:uuid>/apply/", catalogue.honour_apply, name="honour_apply"),
    path("honours/changes/<uuid:uuid>/cancel/", catalogue.honour_cancel, name="honour_cancel"),
    path("honours/<str:code>/edit/", catalogue.honour_edit, name="honour_edit"),
    path("need-to-know/", need_to_know.grants, name="need_to_know"),
    path("need-to-know/history/", need_to_know.history, name="need_to_know_history"),
    path("need-to-know/people/", need_to_know.people, name="people"),
    path("need-to-know/new/", need_to_know.grant_add, name="need_to_know_add"),
    path("need-to-know/end-all/", need_to_know.grants_end_all, name="need_to_know_end_all"),
    path("need-to-know/<uuid:uuid>/renew/", need_to_know.grant_renew, name="need_to_know_renew"),
    path("need-to-know/<uuid:uuid>/end/", need_to_know.grant_end, name="need_to_know_end"),
    path("restrictions/", restriction.restrictions, name="restrictions"),
    path("restrictions/<uuid:uuid>/", restriction.restriction, name="restriction"),
    path("restrictions/<uuid:uuid>/decide/", restriction.restriction_decide, name="restriction_decide"),
    path("roster/", rosters.own_roster, name="own_roster"),
    path("roster/<str:code>/", rosters.roster, name="roster"),
    path("<uuid:uuid>/", register.expert_detail, name="detail"),
    path("<uuid:uuid>/edit/", register.expert_edit, name="edit"),
    path("<uuid:uuid>/photo/", register.photo, name="photo"),
    path("<uuid:uuid>/restriction/", restriction.restriction_request, name="restriction_request"),
    path("<uuid:uuid>/confirm/", acts.confirm, name="confirm"),
    path("<uuid:uuid>/reveal/<str:field>/", sensitive.reveal_field, name="reveal"),
    path("<uuid:uuid>/awards/new/", awards.award_create, name="award_create"),
    path("<uuid:uuid>/awards/<uuid:award>/edit/", awards.award_edit, name="award_edit"),
    path("<uuid:uuid>/awards/<uuid:award>/verify/", awards.award_verify, name="award_verify"),
    path("<uuid:uuid>/awards/<uuid:award>/remove/", awards.award_remove, name="award_remove"),
]
