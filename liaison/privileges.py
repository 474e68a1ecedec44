"""Which database role may do what to which table: all of it, in one place.

A table that is not named here grants nothing to anybody, and tests/policy fails. Row-level security narrows
these grants further for every table that a protected record can be reached from.
"""

from django.db import connection

S, SI, SIU, ALL = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE, DELETE"

# table: (liaison_app, liaison_worker)
PRIVILEGES: dict[str, tuple[str, str]] = {
    "account_emailaddress": (S, ""),
    "account_emailconfirmation": ("", ""),
    "accounts_confirmation": (SIU, ""),
    "accounts_roleassignment": (ALL, S),
    "accounts_unit": (SIU, S),
    "accounts_unitsetting": (ALL, S),
    "accounts_user": (SIU, S),
    "activities_agendaitem": (ALL, "INSERT"),
    "activities_briefing": (ALL, ""),
    "activities_briefingexpert": ("SELECT, INSERT, DELETE", ""),
    "activities_briefingfile": ("SELECT, INSERT, DELETE", ""),
    "activities_calendarfeed": ("SELECT, INSERT, DELETE", ""),
    "activities_contact": (ALL, ""),
    "activities_contactperson": (ALL, ""),
    "activities_contacttally": (S, ""),
    "activities_coverage": (S, ""),
    "activities_coveragerefresh": (S, S),
    "activities_coveragetally": (S, ""),
    "activities_followup": (ALL, ""),
    "activities_gathering": (SIU, "INSERT"),
    "activities_guest": (ALL, ""),
    "activities_invitation": (ALL, "INSERT"),
    "activities_keyperiod": ("", ""),
    "activities_nomination": (SIU, ""),
    "activities_pairing": (SIU, ""),
    "activities_photo": ("SELECT, INSERT, DELETE", ""),
    "activities_receipt": (SIU, ""),
    "activities_resolution": (ALL, ""),
    "activities_resolutionnote": (SI, ""),
    "activities_series": (SIU, S),
    "activities_trainingclass": (SIU, ""),
    "activities_trainingfile": ("SELECT, INSERT, DELETE", ""),
    "activities_trainingplan": (SIU, ""),
    "activities_trainingsession": (ALL, ""),
    "audit_event": (SI, "INSERT"),
    "audit_head": (S, ""),
    "audit_seal": (S, ""),
    "auth_group": ("", ""),
    "auth_group_permissions": ("", ""),
    "auth_permission": (S, ""),
    "core_context_key": ("", ""),
    "core_holiday": (ALL, S),
    "django_admin_log": (SI, ""),
    "django_content_type": (S, S),
    "django_migrations": (S, S),
    "django_session": (ALL, "SELECT, DELETE"),
    "exchange_columnmemory": (ALL, ""),
    "exchange_rosterimport": (ALL, "SELECT, UPDATE"),
    "exchange_rosterrow": (ALL, "SELECT, DELETE"),
    "experts_award": (ALL, ""),
    "experts_cataloguechange": (SIU, ""),
    "experts_changereport": (SIU, ""),
    "experts_death": (S, ""),
    "experts_discipline": (S, S),
    "experts_duplicatepair": ("SELECT, UPDATE", ""),
    "experts_endedgrant": (S, "INSERT"),
    "experts_evidence": ("SELECT, INSERT, DELETE", "DELETE"),
    "experts_exittext": (SI, "DELETE"),
    "experts_expert": (SIU, ""),
    "experts_historyevent": (S, ""),
    "experts_holder": ("SELECT, INSERT, DELETE", ""),
    "experts_honour": (SIU, S),
    "experts_merge": (S, ""),
    "experts_mandatoryexit": (SIU, ""),
    "experts_needtoknow": (S, "SELECT, DELETE"),
    "experts_restrictionrequest": ("SELECT, INSERT", ""),
    "experts_priority": (SIU, ""),
    "experts_proposal": (SIU, ""),
    "experts_proposalact": (SI, ""),
    "experts_proposalfile": ("SELECT, INSERT, DELETE", ""),
    "experts_proposaljob": (SIU, ""),
    "experts_proposalline": (ALL, ""),
    "experts_rosterentry": (SIU, ""),
    "experts_rostergap": (S, ""),
    "experts_rostermovement": (S, ""),
    "experts_rostertally": (S, ""),
    "experts_reviewround": (SIU, SI),
    "experts_ruleversion": (SI, S),
    "experts_savedfilter": (ALL, ""),
    "experts_searchtoken": (ALL, ""),
    "experts_sensitivevalue": (ALL, ""),
    "experts_takeover": (SIU, ""),
    "guardian_groupobjectpermission": ("", ""),
    "guardian_userobjectpermission": ("", ""),
    "reminders_habit": (SIU, S),
    "reminders_letter": (SIU, ALL),
    "reminders_message": (SIU, ""),
    "reports_documenttemplate": (SIU, ""),
    "reminders_planmark": (S, SIU),
    "reminders_plannedreminder": ("", ALL),
    "reminders_preference": (ALL, S),
    "reminders_tally": (S, SIU),
    "reports_export": (ALL, ""),
}
# table: rights of liaison_worker to single columns, where the whole table would be more than a job needs.
WORKER_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    # Planning the meetings of series ahead (activities/actions/series.py).
    "activities_series": {"UPDATE": ("version",)},
    "activities_gathering": {"SELECT": ("id", "series_id", "slot")},
    "activities_agendaitem": {"SELECT": ("id",)},
    "activities_invitation": {"SELECT": ("id", "gathering_id", "user_id", "unit_id")},
    # Deciding scopes anew after a change of the catalogue (experts/actions/recompute.py).
    "experts_award": {"SELECT": ("id", "expert_id", "honour_id", "text", "year", "state")},
    "experts_cataloguechange": {
        "SELECT": ("id", "honour_id", "code", "stage", "applied_at", "job_state", "job_done", "job_total"),
        "UPDATE": ("job_state", "job_done", "job_total", "job_error"),
    },
    # Deleting what was said in cases that are past their years (experts/actions/exit_retention.py).
    "experts_evidence": {"SELECT": ("id", "purpose", "about", "expert_id", "stored_as")},
    "experts_exittext": {"SELECT": ("id", "case_id")},
    "experts_mandatoryexit": {
        "SELECT": ("id", "uuid", "unit_order", "state", "review", "decided_at", "review_at"),
    },
    # Purging what has expired (reports/tasks.py).
    "reports_export": {
        "SELECT": ("id", "stored_as", "expires_at"),
        "UPDATE": ("stored_as", "stored_key", "records"),
    },
    # Forgetting what undoing a merge needed (experts/tasks.py).
    "experts_merge": {
        "SELECT": ("id", "expires_at", "key_id", "photo_aside"),
        "UPDATE": ("sealed", "key_id", "photo_aside"),
    },
    # Delivering (reminders/delivery.py) and writing (reminders/letters.py): never what a line says.
    "reminders_message": {
        "SELECT": (
            "id",
            "uuid",
            "recipient_id",
            "rule",
            "subject",
            "due_at",
            "reminder",
            "mail",
            "letter_id",
            "read_at",
            "done_at",
        ),
        "INSERT": (
            "uuid",
            "recipient_id",
            "text",
            "url",
            "created_at",
            "rule",
            "subject",
            "expert_id",
            "due_at",
            "reminder",
            "mail",
        ),
        "UPDATE": ("letter_id",),
    },
    "experts_expert": {
        "SELECT": ("id", "works_in_beijing", "scope"),
        "UPDATE": ("scope", "scope_basis", "scope_rule", "scope_decided_at"),
    },
}
ROLES = ("liaison_app", "liaison_worker")
# table: liaison_audit, which seals the trail and verifies it.
SEALER = {"audit_event": S, "audit_head": SIU, "audit_seal": SI}


def tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in cursor.fetchall()}


def apply_privileges() -> None:
    """Revoke everything, then grant what the table above says (as owner, after every migration)."""
    statements = [
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, liaison_app, liaison_worker, liaison_audit",
        "GRANT USAGE ON SCHEMA public TO liaison_app, liaison_worker, liaison_audit, liaison_backup",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO liaison_app, liaison_worker",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO liaison_backup",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO liaison_backup",
    ]
    for table in sorted(tables() & PRIVILEGES.keys()):
        for role, acts in zip(ROLES, PRIVILEGES[table], strict=True):
            if acts:
                statements.append(f"GRANT {acts} ON {table} TO {role}")
    for table in sorted(tables() & SEALER.keys()):
        statements.append(f"GRANT {SEALER[table]} ON {table} TO liaison_audit")
    for table in sorted(tables() & WORKER_COLUMNS.keys()):
        for act, columns in WORKER_COLUMNS[table].items():
            statements.append(f"GRANT {act} ({', '.join(columns)}) ON {table} TO liaison_worker")
    with connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))
