"""A walk over PostgreSQL's catalog: locks, views, definer functions and privileges are what was decided."""

import pytest
from django.apps import apps
from guardian.models import GroupObjectPermission, UserObjectPermission

from liaison.privileges import PRIVILEGES, ROLES, SEALER, WORKER_COLUMNS
from reminders.functions import name_of
from reminders.registry import REGISTRY
from tests.factories import make_expert, make_user, restrict

pytestmark = pytest.mark.django_db
# Tables without row-level security, and why each needs none.
WITHOUT_LOCK = {
    "account_emailaddress": "e-mail is not used to sign in; nobody but the owner writes it, and it is empty",
    "account_emailconfirmation": "e-mail is not used to sign in; no role may read it",
    "activities_coveragerefresh": "numbers of units whose settings changed; no person",
    "accounts_confirmation": "about accounts and units; the security administrator's pages keep it",
    "accounts_roleassignment": "who works where; reading decides every right, a trigger guards writing",
    "accounts_unit": "the unit tree is public within the product",
    "accounts_unitsetting": "settings of units hold no person",
    "accounts_user": "colleagues' names and offices; sign-in reads it before there is an actor",
    "auth_group": "Django's, empty, no role may read it",
    "auth_group_permissions": "Django's, empty, no role may read it",
    "auth_permission": "Django's names of permissions",
    "core_context_key": "the signing key; no role may read it",
    "core_holiday": "the public calendar",
    "django_admin_log": "what administrators did in Django admin, which holds nothing of experts",
    "django_content_type": "Django's names of models",
    "django_migrations": "names of migrations",
    "django_session": "found by a random key only; read before there is an actor",
    "experts_discipline": "public reference data",
    "experts_honour": "public reference data",
    "experts_priority": "what a unit has stated of honours, fields, posts, categories; no person",
    "experts_reviewround": "a unit, a year, its days, a note, counts by unit; no person",
    "experts_ruleversion": "versions of public reference data",
    "guardian_groupobjectpermission": "guardian's generic table, always empty, no role may read it",
    "guardian_userobjectpermission": "guardian's generic table, always empty, no role may read it",
    "reports_documenttemplate": "forms before anything is filled in",
    "reminders_planmark": "how far rules are planned; no person",
    "reminders_tally": "numbers by rule and day, without those that concern restricted experts",
}
# Functions that run as owner: each checks the actor itself, or is a trigger that follows a row.
DEFINERS = {
    "accounts_actor_as", "accounts_actor_with", "accounts_clearance", "accounts_held_units",
    "accounts_reach", "activities_briefed", "activities_invited", "activities_open_feed", "reminders_tell",
    "activities_close_pairings", "activities_count_places", "activities_withdraw_nominations",
    "activities_count_delete", "activities_count_insert", "activities_count_update", "activities_end_for",
    "activities_follow_name",
    "activities_fill_tallies", "activities_note_key", "activities_refresh", "activities_setting_changed",
    "activities_settle",
    "activities_tally_delete", "activities_tally_insert", "activities_tally_update", "activities_units_moved",
    "activities_watch_contact_delete", "activities_watch_contact_insert", "activities_watch_contact_update",
    "activities_watch_keyperiod_delete", "activities_watch_keyperiod_insert",
    "activities_watch_keyperiod_update",
    "activities_watch_pairing_delete", "activities_watch_pairing_insert", "activities_watch_pairing_update",
    "activities_watch_rosterentry_delete", "activities_watch_rosterentry_insert",
    "activities_watch_rosterentry_update", "activities_work_off",
    "core_actor", "exchange_settle_lost", "experts_written_now",
    "experts_answer_takeover", "experts_correct_death", "experts_register_death",
    "experts_decide_restriction", "experts_drop_tokens", "experts_end_grant",
    "experts_end_lost_work", "experts_follow",
    "experts_gaps_by_award", "experts_gaps_by_expert", "experts_gaps_by_priority",
    "experts_gaps_by_rosterentry",
    "experts_gather_holders", "experts_hold_moved", "experts_lines_are",
    "experts_keep_award_history", "experts_keep_expert_history", "experts_keep_sensitive_history",
    "experts_merge_records", "experts_move_identity", "experts_move_tokens",
    "experts_note_pairs", "experts_note_recent_pairs", "experts_note_turned_priorities",
    "experts_note_waiting_priority", "experts_own_lists", "experts_set_grant",
    "experts_undo_merge", "experts_values_of",
    "experts_movement_delete", "experts_movement_insert", "experts_movement_moved", "experts_movement_update",
    "experts_tally_delete", "experts_tally_insert", "experts_tally_update", "experts_tell",
    "reminders_retry", "reminders_standing",
    *(name_of(rule) for rule in REGISTRY.rules.values()),
}  # fmt: skip
FIXED_PATH = "search_path=pg_catalog, public, pg_temp"
# They run as their caller, and read and write nothing that the caller could not.
INVOKERS = {
    "accounts_guard_rights": "a trigger that only refuses",
    "accounts_guard_roles": "a trigger that only refuses",
    "accounts_role_rights": "a constant table, the same as accounts/roles.py",
    "activities_copy_contact": "a trigger; it sees what its writer sees",
    "activities_left_on": "a part of activities_end_for, closed to public",
    "activities_guard_briefing": "a trigger that only refuses",
    "activities_guard_invitation": "a trigger that only refuses",
    "activities_guard_resolution": "a trigger that only refuses",
    "activities_guard_class": "a trigger that only refuses",
    "activities_guard_nomination": "a trigger that only refuses",
    "activities_guard_plan": "a trigger that only refuses",
    "activities_stays_nominated": "a trigger of a part of merging; it only leaves a row where it is",
    "activities_stays_behind": "a trigger of a part of merging; it only leaves a row where it is",
    "audit_refuse_change": "a trigger that only refuses",
    "experts_actor_reaches": "a part of the acts on restrictions, closed to public",
    "experts_check_tokens": "a trigger; it sees what its writer sees",
    "experts_concerned": "a part of telling the officers concerned, closed to public",
    "experts_copy_entry": "a trigger; it sees what its writer sees",
    "experts_copy_label": "a trigger; it sees what its writer sees",
    "experts_copy_lock": "a trigger; it sees what its writer sees",
    "experts_copy_number": "a trigger; it sees what its writer sees",
    "experts_copy_place": "a trigger; units are public",
    "experts_copy_unit": "a trigger; it sees what its writer sees",
    "experts_grant_problem": "a part of the acts on the need-to-know list, closed to public",
    "experts_fill_periods": "a part of merging, closed to public",
    "experts_guard_death": "a trigger that only refuses",
    "experts_guard_exit": "a trigger that only refuses",
    "experts_guard_history": "a trigger that only refuses",
    "experts_guard_label": "a trigger that only refuses",
    "experts_guard_report": "a trigger that only refuses",
    "experts_guard_takeover": "a trigger that only refuses",
    "experts_holds": "who holds a right, from open tables; closed to public",
    "experts_insert_grant": "a part of the acts on the need-to-know list, closed to public",
    "experts_hold": "a part of the trigger that follows a moved expert, closed to public",
    "experts_is_blank": "looks at its argument only",
    "experts_move_grants": "the worker's, under its policies, and a part of the acts; closed to public",
    "experts_keepers_of": "a part of telling the officers concerned, closed to public",
    "experts_write_to": "a part of telling the officers concerned, closed to public",
    "experts_moving_tables": "the names of tables",
    "experts_pair_mark": "a part of finding pairs, closed to public",
    "experts_put_values": "a part of merging, closed to public",
    "experts_move_history": "a part of a merge, closed to public; the trigger refuses it to the roles",
    "experts_note_gaps": "a part of the triggers that keep gaps, closed to public",
    "experts_note_priority": "as experts_note_gaps",
    "experts_origin": "reads a setting; closed to public",
    "experts_refuse_change": "a trigger that only refuses",
    "experts_row_mark": "looks at its argument only",
    "experts_register_proposal": "a part of the registration of deaths, closed to public",
    "experts_stays_behind": "looks at its argument only",
    "experts_restriction_problem": "a part of the acts on restrictions, closed to public",
    "reminders_setting": "settings of units, which are open; closed to public",
}


def tables(sql):
    return {name for (name,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_every_model_and_table_has_privileges_decided(sql):
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert models <= set(PRIVILEGES)
    assert tables(sql) == set(PRIVILEGES)


def test_every_table_is_locked_or_open_for_a_reason(sql):
    locked = {
        name
        for (name,) in sql(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity"
        )
    }
    assert locked & set(WITHOUT_LOCK) == set()
    assert locked | set(WITHOUT_LOCK) == tables(sql)


def test_every_table_that_leads_to_an_expert_is_locked(sql):
    """By foreign key or by a column that holds an expert's number."""
    near = sql(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        " AND a.attname IN ('expert_id', 'content_object_id')"
        " UNION SELECT conrelid::regclass::text FROM pg_constraint"
        " WHERE confrelid = 'experts_expert'::regclass"
    )
    assert {name for (name,) in near} & set(WITHOUT_LOCK) == set()
    assert len(near) >= 5


def test_views_run_as_their_reader_and_nothing_is_materialized(sql):
    found = sql(
        "SELECT relname, relkind, coalesce(reloptions, '{}') FROM pg_class"
        " WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    )
    assert [name for name, kind, _ in found if kind == "m"] == []
    assert [name for name, _, options in found if "security_invoker=true" not in options] == []


def test_definer_functions_are_the_known_ones_with_a_fixed_path_and_closed_to_public(sql):
    found = sql(
        "SELECT p.proname, coalesce(p.proconfig, '{}'), EXISTS (SELECT FROM"
        " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl WHERE acl.grantee = 0),"
        " p.prorettype = 'trigger'::regtype"
        " FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
    )
    assert {name for name, *_ in found} == DEFINERS
    assert [name for name, options, _, _ in found if FIXED_PATH not in options] == []
    # A trigger function cannot be called, whoever may execute it.
    assert [name for name, _, public, trigger in found if public and not trigger] == []


def test_other_functions_are_known(sql):
    found = sql("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT prosecdef")
    assert {name for (name,) in found} == set(INVOKERS)


def test_every_copy_of_who_holds_an_expert_follows_it(sql):
    """A table that carries `held` is named by a trigger on the expert, in its arguments or its function."""
    carriers = sql(
        "SELECT a.attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE c.relkind = 'r' AND a.attname = 'held' AND c.relname <> 'experts_expert'"
        " AND c.relnamespace = 'public'::regnamespace"
    )
    followers = sql(
        "SELECT pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE t.tgrelid = 'experts_expert'::regclass AND NOT t.tgisinternal"
    )
    assert [table for (table,) in carriers if not any(table in text for (text,) in followers)] == []


def test_no_trigger_joins_old_and_new_rows_one_by_one(sql):
    """The planner takes transition tables for a few rows: a nested loop over 2,000 records costs seconds. The
    tree of units is small enough."""
    found = sql(
        "SELECT DISTINCT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE t.tgoldtable IS NOT NULL AND t.tgnewtable IS NOT NULL"
        " AND t.tgrelid <> 'accounts_unit'::regclass"
        " AND p.prosrc ~ '(after JOIN before|before JOIN after)'"
        " AND NOT coalesce('enable_nestloop=off' = ANY (p.proconfig), false)"
    )
    assert found == []


def decided(role):
    """(table, column or "", act) as liaison/privileges.py says."""
    index = ROLES.index(role)
    found = {
        (table, "", act)
        for table, acts in PRIVILEGES.items()
        for act in filter(None, acts[index].split(", "))
    }
    if role == "liaison_worker":
        found |= {
            (table, column, act)
            for table, by_act in WORKER_COLUMNS.items()
            for act, columns in by_act.items()
            for column in columns
        }
    return found


GRANTED = """
    SELECT c.relname, '', acl.privilege_type FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace = 'public'::regnamespace
      AND acl.grantee = coalesce(to_regrole(%(role)s)::oid, 0)
    UNION ALL
    SELECT c.relname, a.attname, acl.privilege_type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) acl
    WHERE c.relnamespace = 'public'::regnamespace AND acl.grantee = coalesce(to_regrole(%(role)s)::oid, 0)
"""


def granted(role):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(GRANTED, {"role": role})
        return set(cursor.fetchall())


@pytest.mark.parametrize("role", ROLES)
def test_privileges_are_those_of_the_table(role):
    assert granted(role) == decided(role)


def test_privileges_of_the_other_roles():
    sealer = {(table, "", act) for table, acts in SEALER.items() for act in acts.split(", ")}
    assert granted("liaison_audit") == sealer
    assert {act for _, _, act in granted("liaison_backup")} == {"SELECT"}
    assert granted("public") == set()


def test_no_role_of_ours_may_make_tables_or_reach_another(sql):
    assert (
        sql(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'liaison!_%%' ESCAPE '!'"
            " AND rolname NOT IN ('liaison_owner') AND has_schema_privilege(rolname, 'public', 'CREATE')"
        )
        == []
    )
    assert (
        sql(
            "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
            " WHERE r.rolname IN ('liaison_app', 'liaison_worker', 'liaison_audit')"
        )
        == []
    )


def test_guardians_generic_tables_stay_empty():
    restrict(make_expert("限知悉"), make_user(), make_user())
    assert (UserObjectPermission.objects.count(), GroupObjectPermission.objects.count()) == (0, 0)


def test_keys_that_cascade_can_wait_for_the_commit(sql):
    """Or a row with two of them is refused when units are renumbered; write DEFERRABLE behind such a key."""
    cascading = "contype = 'f' AND confupdtype = 'c'"
    assert sql(f"SELECT count(*) > 40 FROM pg_constraint WHERE {cascading}") == [(True,)]
    assert sql(f"SELECT conname FROM pg_constraint WHERE {cascading} AND NOT condeferrable") == []
