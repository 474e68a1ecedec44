"""Whom every route answers, and how: the one table behind `manage.py routes` and tests/access.

Statuses of an object's route speak of an internal record of D04, a roster that D04 uploaded, and filters,
messages and catalogue changes of one's own, with nothing but the object in the request. What a persona may
not see answers exactly like what does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

ANONYMOUS = "anonymous"
# Who asks: the accounts of the demo, and someone who holds no role.
CITY = ("staff_city", "cleared_city")
HAIDIAN = ("director_haidian", "officer_haidian")
CHAOYANG = ("officer_chaoyang",)
OFFICERS = (*CITY, *HAIDIAN, "officer_chaoyang")
READERS = (*OFFICERS, "leader_city")
ADMINISTRATORS = ("sysadmin", "secadmin", "auditor")
SIGNED_IN = (*READERS, *ADMINISTRATORS, "no_role")
PERSONAS = (ANONYMOUS, *SIGNED_IN)
# Who sees the record of D04, and who may change it.
SEERS = (*CITY, *HAIDIAN, "leader_city")
CHANGERS = (*CITY, *HAIDIAN)

Statuses = dict[str, int]
SIGN_IN = 302


def answers(otherwise: int, *cases: tuple[tuple[str, ...], int]) -> Statuses:
    """Statuses by persona: `otherwise` for those who have signed in, and what the later cases say."""
    found = {ANONYMOUS: SIGN_IN} | dict.fromkeys(SIGNED_IN, otherwise)
    for personas, status in cases:
        found |= dict.fromkeys(personas, status)
    return found


NOT_ALLOWED = answers(405)


@dataclass(frozen=True)
class Access:
    """One route: what GET and POST answer each persona, and the kind of object that its address names."""

    get: Statuses
    post: Statuses
    about: str = ""

    @property
    def expected(self) -> dict[str, Statuses]:
        """By method, without those that the route does not take."""
        return {name: by for name, by in (("GET", self.get), ("POST", self.post)) if 405 not in by.values()}


def both(statuses: Statuses, about: str = "") -> Access:
    """Pages of Django admin answer POST as they answer GET."""
    return Access(statuses, statuses, about)


def reads(statuses: Statuses, about: str = "") -> Access:
    return Access(statuses, NOT_ALLOWED, about)


def acts(statuses: Statuses, about: str = "") -> Access:
    return Access(NOT_ALLOWED, statuses, about)


def form(shown: Statuses, refused: int, about: str = "") -> Access:
    """A page with a form; `refused` is what an empty form gets from those who see the page."""
    sent = {name: refused if status == 200 else status for name, status in shown.items()}
    return Access(shown, sent, about)


def admin_pages(
    model: str,
    *,
    keepers: tuple[str, ...],
    adds: tuple[str, ...] = (),
    changes: tuple[str, ...] = (),
    deletes: tuple[str, ...] = (),
) -> dict[str, Access]:
    """The five stock pages of a model; whoever is no administrator, or keeps another model, gets 403."""
    shown = answers(403, (keepers, 200))
    written = answers(403, (changes, 200))
    return {
        f"admin:{model}_changelist": both(shown),
        f"admin:{model}_add": both(answers(403, (adds, 200))),
        f"admin:{model}_change": Access(shown, written, model),
        f"admin:{model}_delete": Access(answers(403, (deletes, 200)), answers(403, (deletes, 200)), model),
        f"admin:{model}_history": both(shown, model),
        # The address without a page below it leads to the page for changing it.
        f"admin/{model.replace('_', '/')}/<path:object_id>/": both(answers(403, (KEEPERS, 302)), model),
    }


OWN = answers(302)
SYSADMIN, SECADMIN, AUDITOR = ((name,) for name in ADMINISTRATORS)
KEEPERS = (*SYSADMIN, *SECADMIN)
ADMIN_ONLY, GET_ONLY = answers(403, (KEEPERS, 200)), answers(403, (KEEPERS, 405))
EXPORTERS = answers(403, (READERS, 200), (AUDITOR, 200))
EXPORT_ACTS = answers(403, (READERS, 302), (AUDITOR, 302))
ROUTES: dict[str, Access] = {
    "workbench": reads(answers(200, (ADMINISTRATORS, 302))),
    "core:healthz": Access(dict.fromkeys(PERSONAS, 200), dict.fromkeys(PERSONAS, 405)),
    "core:gallery": reads(answers(200)),
    # The register
    "experts:list": reads(answers(403, (READERS, 200))),
    "experts:suggest": reads(answers(200)),
    "experts:create": form(answers(403, (OFFICERS, 200)), 200),
    "experts:bulk": acts(answers(403, (OFFICERS, 302))),
    "experts:save_filter": acts(answers(403, (READERS, 302))),
    "experts:delete_filter": acts(OWN, "saved filter"),
    "experts:detail": reads(answers(404, (SEERS, 200)), "expert"),
    "experts:edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 200, "expert"),
    "experts:photo": reads(answers(404, (SEERS, 200)), "expert"),
    "experts:confirm": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "expert"),
    "experts:reveal": Access(answers(404, (SEERS, 200)), answers(404, (SEERS, 200)), "field"),
    "experts:history_restore": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 409, "history"),
    "experts:award_create": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 200, "expert"),
    "experts:award_edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 200, "award"),
    "experts:award_verify": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "award"),
    "experts:award_remove": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "award"),
    # Reported changes: officer_haidian has reported a transfer, with a file, and an illness
    "experts:changes": reads(answers(403, (OFFICERS, 200))),
    "experts:change_new": reads(answers(404, (SEERS, 403), (CHANGERS, 200)), "expert"),
    "experts:change_report": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "change kind"),
    "experts:change": reads(answers(404, (SEERS, 200)), "report"),
    "experts:change_decide": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "report"),
    "experts:change_reveal": Access(answers(404, (CHANGERS, 200)), answers(404, (CHANGERS, 200)), "illness"),
    "experts:change_evidence": acts(answers(404, (SEERS, 403), (("officer_haidian",), 422)), "report"),
    "experts:evidence": reads(answers(404, (SEERS, 200)), "evidence"),
    "experts:evidence_remove": acts(answers(404, (SEERS, 403), (("officer_haidian",), 302)), "evidence"),
    # Taking over: staff_city has asked Chaoyang about an expert of Haidian
    "experts:takeovers": reads(answers(403, (OFFICERS, 200))),
    "experts:takeover": reads(answers(404, (SEERS, 200), (CHAOYANG, 200)), "takeover"),
    "experts:takeover_answer": acts(answers(404, (SEERS, 403), (CITY, 422), (CHAOYANG, 422)), "takeover"),
    "experts:takeover_withdraw": acts(
        answers(404, (SEERS, 403), (CHANGERS, 302), (CHAOYANG, 403)), "takeover"
    ),
    "experts:own_roster": reads(answers(403, (READERS, 302))),
    "experts:roster": reads(answers(403, (READERS, 404), (SEERS, 200)), "unit"),
    "experts:movements": reads(answers(403, (READERS, 404), (SEERS, 200)), "unit"),
    # Mandatory exits: officer_haidian has registered one, director_haidian may decide
    "experts:exits": reads(answers(403, (OFFICERS, 200))),
    "experts:exit_register": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "expert"),
    "experts:exit": reads(answers(404, (CHANGERS, 200)), "exit"),
    "experts:exit_told": acts(answers(404, (CHANGERS, 422)), "exit"),
    "experts:exit_statement": acts(answers(404, (CHANGERS, 422)), "exit"),
    "experts:exit_paper": acts(answers(404, (CHANGERS, 422)), "exit"),
    # Not by who registered it, nor by the only one who could approve it then.
    "experts:exit_check": acts(
        answers(404, (CHANGERS, 302), (("officer_haidian", "director_haidian"), 422)), "exit"
    ),
    "experts:exit_decide": acts(answers(404, (CHANGERS, 403), (("director_haidian",), 422)), "exit"),
    "experts:exit_review": acts(answers(404, (CHANGERS, 422)), "exit"),
    "experts:exit_review_decide": acts(answers(404, (CHANGERS, 403), (("director_haidian",), 422)), "exit"),
    "experts:exit_reveal": Access(answers(404, (CHANGERS, 200)), answers(404, (CHANGERS, 200)), "exit text"),
    # Deaths: none is registered of the record of the table
    "experts:death_register": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "expert"),
    "experts:death": form(answers(404, (SEERS, 403), (CHANGERS, 404)), 422, "expert"),
    # The honour catalogue
    "experts:honours": reads(answers(403, (READERS, 200))),
    "experts:honour_add": form(answers(403, (CITY, 200)), 422),
    "experts:honour_edit": form(answers(403, (CITY, 200)), 422, "honour"),
    "experts:honour_change": reads(answers(403, (CITY, 200)), "change"),
    "experts:honour_apply": acts(answers(403, (CITY, 409)), "change"),
    "experts:honour_cancel": acts(answers(403, (CITY, 302)), "change"),
    # The need-to-know list: by record number, for the security administrator only
    "experts:need_to_know": reads(answers(403, (SECADMIN, 200))),
    "experts:need_to_know_history": reads(answers(403, (SECADMIN, 200))),
    "experts:people": reads(answers(403, (READERS, 200), (SECADMIN, 200))),
    "experts:need_to_know_add": form(answers(403, (SECADMIN, 200)), 422),
    "experts:need_to_know_end_all": form(answers(403, (SECADMIN, 404)), 422),
    "experts:need_to_know_renew": form(answers(403, (SECADMIN, 200)), 422, "grant"),
    "experts:need_to_know_end": form(answers(403, (SECADMIN, 200)), 422, "grant"),
    # Requests to restrict: officer_haidian has asked, director_haidian may approve
    "experts:restrictions": reads(answers(403, (OFFICERS, 200))),
    "experts:restriction_request": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "expert"),
    "experts:restriction": reads(answers(404, (SEERS, 200)), "restriction"),
    "experts:restriction_decide": acts(answers(404, (SEERS, 403), (HAIDIAN, 422)), "restriction"),
    # Possible duplicates: both records of D04 here
    "experts:duplicates": reads(answers(403, (OFFICERS, 200))),
    "experts:duplicate_dismiss": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "pair"),
    "experts:merge": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "merge"),
    "experts:merge_undo": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "merged"),
    # The yearly review of D04: everybody in whose reach the unit lies sees it, its head closes it
    "experts:reviews": reads(answers(403, (READERS, 200))),
    "experts:review_open": form(answers(403, (("director_haidian",), 200)), 422),
    "experts:review": reads(answers(404, (SEERS, 200)), "review"),
    "experts:review_confirm": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "review"),
    "experts:review_correct": Access(
        answers(404, (SEERS, 403), (CHANGERS, 302)), answers(404, (SEERS, 403), (CHANGERS, 302)), "review"
    ),
    "experts:review_close": acts(answers(404, (SEERS, 403), (("director_haidian",), 302)), "review"),
    # Priorities: director_haidian has stated one for the roster of D04 alone
    "experts:priorities": reads(answers(403, (READERS, 200))),
    "experts:priority_new": form(answers(403, (("director_haidian",), 200)), 422),
    "experts:priority": reads(answers(404, (SEERS, 200)), "priority"),
    "experts:priority_end": acts(answers(404, (SEERS, 403), (("director_haidian",), 422)), "priority"),
    # Proposals: officer_haidian has drafted one for D04 about the record of the table
    "proposals:list": reads(answers(403, (READERS, 200))),
    "proposals:create": form(answers(403, (OFFICERS, 200)), 422),
    "proposals:experts": reads(answers(200)),
    "proposals:to_admit": reads(answers(403, (OFFICERS, 200))),
    "proposals:to_raise": reads(answers(403, (OFFICERS, 200))),
    "proposals:to_leave": reads(answers(403, (OFFICERS, 200))),
    "proposals:detail": reads(answers(404, (SEERS, 200)), "proposal"),
    "proposals:edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "proposal"),
    "proposals:act": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "proposal"),
    "proposals:add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "proposal"),
    "proposals:lines": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "proposal"),
    "proposals:all_lines": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "proposal"),
    "proposals:file_add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "proposal"),
    "proposals:file": reads(answers(404, (SEERS, 200)), "proposal file"),
    "proposals:file_remove": acts(answers(404, (SEERS, 403), (("officer_haidian",), 302)), "proposal file"),
    "proposals:progress": reads(answers(404, (SEERS, 302)), "proposal"),
    "proposals:stop": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "proposal"),
    "proposals:restart": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "proposal"),
    "proposals:remove": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "line"),
    # Meetings: officer_haidian has called one of D04 to come, asked D04 to it, and noted a resolution for D04
    # Briefings: officer_haidian has drafted one of D04 to D04, with a file
    "briefings:list": reads(answers(403, (READERS, 200))),
    "briefings:create": form(answers(403, (OFFICERS, 200)), 422),
    "briefings:detail": reads(answers(404, (CHANGERS, 200)), "briefing"),
    "briefings:edit": form(answers(404, (CHANGERS, 200)), 422, "briefing"),
    "briefings:file_add": acts(answers(404, (CHANGERS, 422)), "briefing"),
    "briefings:file": reads(answers(404, (CHANGERS, 200)), "briefing file"),
    "briefings:file_remove": acts(answers(404, (CHANGERS, 302)), "briefing file"),
    "briefings:send": acts(answers(404, (CHANGERS, 302)), "briefing"),
    "briefings:drop": acts(answers(404, (CHANGERS, 302)), "briefing"),
    "briefings:acknowledge": acts(answers(404, (CHANGERS, 302)), "briefing"),
    "briefings:remind": acts(answers(404, (CHANGERS, 403)), "briefing"),
    "calendar:calendar": reads(answers(403, (READERS, 200))),
    "calendar:conflicts": reads(answers(403, (OFFICERS, 200))),
    "calendar:feed_page": reads(answers(403, (READERS, 200))),
    "calendar:feed_renew": acts(answers(403, (READERS, 200))),
    "calendar:feed_revoke": acts(answers(403, (READERS, 302))),
    # Whoever holds the address needs no sign-in, and gets the calendar of officer_haidian
    "calendar:feed": Access(dict.fromkeys(PERSONAS, 200), dict.fromkeys(PERSONAS, 405), "feed"),
    "gatherings:list": reads(answers(403, (READERS, 200))),
    "gatherings:create": form(answers(403, (OFFICERS, 200)), 422, "gathering kind"),
    "gatherings:detail": reads(answers(404, (SEERS, 200)), "gathering"),
    "gatherings:edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "gathering"),
    "gatherings:invite": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "gathering"),
    "gatherings:uninvite": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "invitation"),
    "gatherings:reply": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "invitation"),
    "gatherings:record": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "gathering"),
    "gatherings:drop": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "gathering"),
    "gatherings:restore": acts(answers(404, (SEERS, 403), (CHANGERS, 409)), "gathering"),
    "gatherings:guests_add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "gathering"),
    "gatherings:guest_remove": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "guest"),
    "gatherings:series_list": reads(answers(403, (READERS, 200))),
    "gatherings:series_create": form(answers(403, (OFFICERS, 200)), 422),
    "gatherings:series": reads(answers(404, (SEERS, 200)), "series"),
    "gatherings:series_edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "series"),
    "gatherings:series_end": acts(answers(404, (SEERS, 403), (CHANGERS, 409)), "series"),
    "gatherings:resolutions": reads(answers(403, (READERS, 200))),
    "gatherings:resolution_add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "gathering"),
    "gatherings:resolution": reads(answers(404, (SEERS, 200)), "resolution"),
    "gatherings:resolution_edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "resolution"),
    "gatherings:resolution_step": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "resolution"),
    # Training: D04 has an approved plan with a class that has not begun, a session and a file
    "training:list": reads(answers(403, (READERS, 200))),
    "training:people": reads(answers(403, (READERS, 200))),
    "training:plans": reads(answers(403, (READERS, 200))),
    "training:plan_create": form(answers(403, (OFFICERS, 200)), 422),
    "training:plan": reads(answers(404, (SEERS, 200)), "training plan"),
    "training:plan_edit": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "training plan"),
    "training:plan_approve": acts(answers(404, (SEERS, 403), (("director_haidian",), 409)), "training plan"),
    "training:class_create": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "training plan"),
    "training:detail": reads(answers(404, (SEERS, 200)), "class"),
    "training:class_edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "class"),
    "training:settle": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "class"),
    "training:nominate": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "class"),
    "training:act": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "class"),
    "training:print": reads(answers(404, (SEERS, 200)), "class"),
    "training:session_add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "class"),
    "training:attend": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 302, "class session"),
    "training:session_remove": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "class session"),
    "training:file_add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "class"),
    "training:file": reads(answers(404, (SEERS, 200)), "class file"),
    "training:file_remove": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "class file"),
    # Pairings: the record of the table is on the roster of D04 and has a leader there
    "pairings:list": reads(answers(403, (READERS, 200))),
    "pairings:unpaired": reads(answers(403, (READERS, 200))),
    "pairings:people": reads(answers(403, (READERS, 200))),
    "pairings:mine": reads(answers(403, (READERS, 200))),
    "pairings:options": reads(answers(403, (READERS, 200))),
    "pairings:bulk": acts(answers(403, (OFFICERS, 302))),
    "pairings:create": form(answers(403, (OFFICERS, 200)), 422),
    "pairings:hand_over": form(answers(403, (OFFICERS, 200)), 422),
    "pairings:expert": reads(answers(404, (SEERS, 200)), "expert"),
    # Contacts: officer_haidian has recorded one with the record of the table, planned one and drafted one
    "contacts:list": reads(answers(403, (READERS, 200))),
    "contacts:plan": form(answers(403, (OFFICERS, 200)), 422),
    "contacts:record": form(answers(403, (OFFICERS, 200)), 422),
    "contacts:experts": reads(answers(200)),
    "contacts:about": reads(answers(403, (OFFICERS, 200))),
    "contacts:line": reads(answers(403, (OFFICERS, 404))),
    "contacts:follow_ups": reads(answers(403, (READERS, 200))),
    "contacts:follow_up_done": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "follow-up"),
    "contacts:brief": reads(answers(404, (SEERS, 200)), "expert"),
    "contacts:contact": reads(answers(404, (SEERS, 200)), "contact"),
    "contacts:edit": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "contact"),
    "contacts:move": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "planned contact"),
    "contacts:call_off": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "planned contact"),
    "contacts:void": form(answers(404, (SEERS, 403), (CHANGERS, 200)), 422, "contact"),
    "contacts:delete": acts(answers(404, (("officer_haidian",), 302)), "draft contact"),
    "contacts:promise_kept": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "contact"),
    "contacts:follow_ups_add": acts(answers(404, (SEERS, 403), (CHANGERS, 302)), "contact"),
    "contacts:photos_add": acts(answers(404, (SEERS, 403), (CHANGERS, 422)), "contact"),
    "contacts:photo": reads(answers(404, (SEERS, 200)), "contact photo"),
    "contacts:photo_remove": acts(answers(404, (SEERS, 403), (("officer_haidian",), 302)), "contact photo"),
    # Rosters: only people of the unit that uploaded one
    "exchange:list": reads(answers(403, (OFFICERS, 200))),
    "exchange:create": form(answers(403, (OFFICERS, 200)), 200),
    "exchange:detail": reads(answers(403, (OFFICERS, 404), (HAIDIAN, 200)), "roster"),
    "exchange:progress": reads(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "roster"),
    "exchange:columns": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 200)), "roster"),
    "exchange:fix": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "row"),
    "exchange:award": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "row"),
    "exchange:held": reads(answers(403, (OFFICERS, 404), (HAIDIAN, 200)), "roster"),
    "exchange:commit": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "roster"),
    "exchange:propose": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "roster"),
    "exchange:cancel": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "roster"),
    "exchange:discard": acts(answers(403, (OFFICERS, 404), (HAIDIAN, 302)), "roster"),
    # Exports: one's own; what they hold is looked at again when they are fetched
    "reports:list": reads(EXPORTERS),
    "reports:export_experts": acts(answers(403, (READERS, 302))),
    "reports:export_trail": acts(answers(403, (AUDITOR, 302))),
    "reports:export_roster": acts(answers(403, (READERS, 404), (SEERS, 302)), "unit"),
    "reports:export_changes": acts(answers(403, (READERS, 404), (SEERS, 302)), "unit"),
    "reports:export_coverage": acts(answers(403, (READERS, 404), (SEERS, 302)), "unit"),
    "reports:export_card": acts(answers(403, (READERS, 404), (SEERS, 302)), "expert"),
    "reports:export_brief": acts(answers(403, (READERS, 404), (SEERS, 302)), "expert"),
    "reports:export_dashboard": acts(answers(403, (READERS, 302))),
    "reports:export_proposal": acts(answers(403, (READERS, 404), (SEERS, 302)), "proposal"),
    "reports:export_exit": acts(answers(403, (OFFICERS, 404), (CHANGERS, 302)), "exit"),
    "reports:detail": reads(EXPORTERS, "export"),
    "reports:progress": reads(EXPORT_ACTS, "export"),
    "reports:fetch": reads(EXPORTERS, "export"),
    "reports:cancel": acts(EXPORT_ACTS, "export"),
    "reports:restart": acts(EXPORT_ACTS, "export"),
    "reports:delete": acts(EXPORT_ACTS, "export"),
    # Coverage and the dashboard: of units in reach
    "coverage:own": reads(answers(403, (READERS, 302))),
    "coverage:unit": reads(answers(403, (READERS, 404), (SEERS, 200)), "unit"),
    "dashboard:home": reads(answers(403, (READERS, 200))),
    # Messages
    "reminders:inbox": reads(answers(200)),
    "reminders:read_all": acts(OWN),
    "reminders:open": reads(OWN, "message"),
    "reminders:finish": acts(OWN, "message"),
    "reminders:bulk": acts(OWN),
    "reminders:bell": reads(answers(200)),
    "reminders:preferences": form(answers(200), 422),
    # By the link of a letter: whoever holds it, signed in or not, acts for whom it was for
    "reminders:unsubscribe": Access(
        dict.fromkeys(PERSONAS, 200), dict.fromkeys(PERSONAS, 200), "letter link"
    ),
    # How the reminders run, for the system administrator
    "reminders:standing": reads(answers(403, (SYSADMIN, 200))),
    "reminders:test_letters": reads(answers(403, (SYSADMIN, 200))),
    "reminders:test_letter": acts(answers(403, (SYSADMIN, 422))),
    "reminders:letters_again": acts(answers(403, (SYSADMIN, 302))),
    "reminders:plan_again": acts(answers(403, (SYSADMIN, 302)), "rule key"),
    "reminders:rules": reads(answers(403, (READERS, 200))),
    "reminders:tune": form(
        answers(403, (READERS, 404), (SEERS, 403), (("director_haidian",), 200)), 422, "rule"
    ),
    "reminders:inherit": acts(
        answers(403, (READERS, 404), (SEERS, 403), (("director_haidian",), 302)), "rule"
    ),
    # Units
    "accounts:units": reads(answers(403, (READERS, 200))),
    "accounts:unit_options": reads(answers(200)),
    "accounts:unit": reads(answers(403, (READERS, 404), (SEERS, 200)), "unit"),
    "accounts:unit_setting": form(
        answers(403, (("officer_chaoyang",), 404), (("director_haidian",), 200)), 200, "setting"
    ),
    "accounts:inherit_unit_setting": acts(
        answers(403, (("officer_chaoyang",), 404), (("director_haidian",), 302)), "setting"
    ),
    # Sign-in
    "account_login": Access(answers(302, ((ANONYMOUS,), 200)), answers(302, ((ANONYMOUS,), 200))),
    "account_logout": Access(answers(200), answers(302)),
    "account_change_password": Access(answers(200), answers(200)),
    # The trail
    "audit:list": reads(answers(403, (AUDITOR, 200))),
    # Administration
    "admin:index": both(ADMIN_ONLY),
    "admin:login": both(answers(403, (KEEPERS, 302))),
    "admin:logout": Access(ADMIN_ONLY, answers(403, (KEEPERS, 302))),
    "admin:password_change": both(answers(403, (KEEPERS, 302))),
    "admin:password_change_done": Access(ADMIN_ONLY, GET_ONLY),
    "admin:autocomplete": Access(answers(403), GET_ONLY),
    "admin:jsi18n": Access(ADMIN_ONLY, GET_ONLY),
    "admin:view_on_site": both(answers(403, (KEEPERS, 404)), "anything"),
    "admin:app_list": both(answers(403, (KEEPERS, 200)), "admin app"),
    "admin/(?P<url>.*)$": both(answers(403, (KEEPERS, 404)), "rest"),
    "admin:accounts_user_password": form(answers(403, (SYSADMIN, 200)), 200, "accounts_user"),
    **admin_pages("accounts_user", keepers=KEEPERS, adds=SYSADMIN, changes=KEEPERS),
    **admin_pages("accounts_unit", keepers=SYSADMIN, adds=SYSADMIN, changes=SYSADMIN),
    **admin_pages(
        "accounts_unitsetting", keepers=SYSADMIN, adds=SYSADMIN, changes=SYSADMIN, deletes=SYSADMIN
    ),
    **admin_pages("accounts_roleassignment", keepers=SECADMIN, adds=SECADMIN),
    **admin_pages("accounts_confirmation", keepers=SECADMIN),
    "admin:reports_documenttemplate_shipped": both(answers(403, (SYSADMIN, 200)), "document"),
    "admin:reports_documenttemplate_file": both(answers(403, (SYSADMIN, 200)), "reports_documenttemplate"),
    **admin_pages("reports_documenttemplate", keepers=SYSADMIN, adds=SYSADMIN),
    "admin:core_holiday_import": both(answers(403, (SYSADMIN, 200))),
    **admin_pages("core_holiday", keepers=SYSADMIN, adds=SYSADMIN, changes=SYSADMIN, deletes=SYSADMIN),
}


@dataclass(frozen=True)
class Route:
    """A URL pattern as Django knows it; `key` is its row in the table."""

    name: str
    pattern: str

    @property
    def key(self) -> str:
        return self.name or self.pattern


def routes() -> list[Route]:
    """Every URL pattern of the product, in the order in which they are tried."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Route]:
    for each in resolver.url_patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield Route(f"{namespace}{each.name}" if each.name else "", pattern)
        else:
            yield from _walk(each, pattern, f"{namespace}{each.namespace}:" if each.namespace else namespace)


def described() -> list[dict[str, Any]]:
    """The table as `manage.py routes --json` prints it. KeyError for a route without a row."""
    return [
        {
            "name": route.name,
            "pattern": route.pattern,
            "methods": list(ROUTES[route.key].expected),
            "object": ROUTES[route.key].about,
            "expected": ROUTES[route.key].expected,
        }
        for route in routes()
    ]
