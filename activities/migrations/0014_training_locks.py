"""Lock two for training. Plans and classes hold no expert: they show in reach of their unit and, once approved,
to the units below it, which nominate. A nomination hangs on the expert and shows to its unit and the organiser."""

from importlib import import_module

from django.db import migrations

locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
activities = import_module("activities.migrations.0002_locks")

PLAN, CLASS = "activities_trainingplan", "activities_trainingclass"
SESSION, FILE, NOMINATION = "activities_trainingsession", "activities_trainingfile", "activities_nomination"
ACTOR, SEEN = activities.ACTOR, activities.SEEN
IN_VIEW, OURS = roster.place_in("view"), roster.place_in("change")
HEAD = "SET search_path = pg_catalog, public, pg_temp"
AROUND = """EXISTS (SELECT FROM accounts_unit unit WHERE unit.id = unit_id
    AND int8range(unit."order", unit.order_end, '[]') && (SELECT accounts_reach('view')))"""
PLANNED = f"EXISTS (SELECT FROM {PLAN} plan WHERE plan.id = plan_id)"
KNOWN = f"EXISTS (SELECT FROM {CLASS} training WHERE training.id = training_id)"
IN_OUR_VIEW = f"EXISTS (SELECT FROM {CLASS} training WHERE training.id = training_id AND training.{IN_VIEW})"
ORGANISED = f"EXISTS (SELECT FROM {CLASS} training WHERE training.id = training_id AND training.{OURS})"
APPROVE = roster.place_in("approve")

PLANS = (
    locks.enable(PLAN)
    + activities.placed(PLAN)
    + locks.policy(PLAN, "SELECT", f"{IN_VIEW} OR state = 'approved' AND {AROUND}")
    + locks.policy(PLAN, "INSERT", f"{OURS} AND created_by_id = {ACTOR} AND state = 'draft'")
    + locks.policy(PLAN, "UPDATE", OURS)
    + f"""
-- Only who approves for the unit gives a plan its effect.
CREATE FUNCTION activities_guard_plan() RETURNS trigger LANGUAGE plpgsql {HEAD} AS $$
BEGIN
    IF current_user = 'liaison_app' AND (NEW.state, NEW.approved_by_id) IS DISTINCT FROM (OLD.state, OLD.approved_by_id)
       AND NOT (NEW.place <@ accounts_reach('approve') AND NEW.approved_by_id IS NOT DISTINCT FROM core_actor()) THEN
        RAISE EXCEPTION 'a plan is approved by a department head' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER activities_guard_plan BEFORE UPDATE ON {PLAN} FOR EACH ROW
    EXECUTE FUNCTION activities_guard_plan();
"""
)
CLASSES = (
    locks.enable(CLASS)
    + activities.placed(CLASS)
    + locks.policy(CLASS, "SELECT", PLANNED)
    + locks.policy(CLASS, "INSERT", f"{OURS} AND {PLANNED} AND created_by_id = {ACTOR}")
    + locks.policy(CLASS, "UPDATE", f"{OURS} AND {PLANNED}")
    + f"""
-- The number of the confirmed is the trigger's, and no class is made smaller than that.
CREATE FUNCTION activities_guard_class() RETURNS trigger LANGUAGE plpgsql {HEAD} AS $$
BEGIN
    IF current_user = 'liaison_app' AND NEW.taken <> OLD.taken THEN
        RAISE EXCEPTION 'places taken are counted, not written' USING ERRCODE = 'insufficient_privilege';
    ELSIF NEW.places < OLD.places AND NEW.places < NEW.taken THEN
        RAISE EXCEPTION 'more are confirmed' USING ERRCODE = 'check_violation', CONSTRAINT = 'class_places_taken';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER activities_guard_class BEFORE UPDATE ON {CLASS} FOR EACH ROW
    EXECUTE FUNCTION activities_guard_class();
"""
    + locks.enable(SESSION)
    + locks.policy(SESSION, "SELECT", KNOWN)
    + "".join(locks.policy(SESSION, act, ORGANISED) for act in ("INSERT", "UPDATE", "DELETE"))
    + locks.enable(FILE)
    + locks.policy(FILE, "SELECT", KNOWN)
    + locks.policy(FILE, "INSERT", f"{ORGANISED} AND added_by_id = {ACTOR}")
    + locks.policy(FILE, "DELETE", ORGANISED)
)
NOMINATIONS = (
    roster.child(NOMINATION)
    + activities.placed(NOMINATION)
    + activities.named(NOMINATION)
    + f"""
CREATE TRIGGER {NOMINATION}_copy BEFORE INSERT ON {NOMINATION} FOR EACH ROW EXECUTE FUNCTION experts_copy_entry();
"""
    + locks.policy(NOMINATION, "SELECT", f"{SEEN} AND ({IN_VIEW} OR {IN_OUR_VIEW})")
    + locks.policy(
        NOMINATION,
        "INSERT",
        f"{SEEN} AND label < 2 AND {OURS} AND {KNOWN} AND nominated_by_id = {ACTOR} AND state = 'nominated'",
    )
    + locks.policy(NOMINATION, "UPDATE", f"{SEEN} AND ({OURS} OR {ORGANISED})")
    + f"""
-- A unit withdraws; everything else is the organiser's.
CREATE FUNCTION activities_guard_nomination() RETURNS trigger LANGUAGE plpgsql {HEAD} AS $$
BEGIN
    IF current_user = 'liaison_app'
       AND to_jsonb(NEW) - 'state' <> to_jsonb(OLD) - 'state' || jsonb_build_object('attendance', NEW.attendance,
           'registered_at', NEW.registered_at, 'registered_by_id', NEW.registered_by_id) THEN
        RAISE EXCEPTION 'of a nomination only its state changes' USING ERRCODE = 'insufficient_privilege';
    ELSIF current_user = 'liaison_app' AND to_jsonb(NEW) <> to_jsonb(OLD) || '{{"state": "withdrawn"}}'
       AND NOT EXISTS (SELECT FROM {CLASS} training WHERE training.id = NEW.training_id
                       AND training.place <@ accounts_reach('change')) THEN
        RAISE EXCEPTION 'a unit only withdraws' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER activities_guard_nomination BEFORE UPDATE ON {NOMINATION} FOR EACH ROW
    EXECUTE FUNCTION activities_guard_nomination();

-- Runs as owner: who has a place is counted whoever sees them, and never more than there are. A record that is
-- restricted or merged holds none.
CREATE FUNCTION activities_count_places() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {HEAD} AS $$
DECLARE
    found integer;
    training {CLASS};
BEGIN
    SELECT * INTO training FROM {CLASS} WHERE id = NEW.training_id FOR NO KEY UPDATE;
    SELECT count(*) INTO found FROM {NOMINATION}
    WHERE training_id = NEW.training_id AND state = 'confirmed' AND label < 2;
    IF found > training.places AND NEW.state = 'confirmed' AND (TG_OP = 'INSERT' OR OLD.state <> 'confirmed') THEN
        RAISE EXCEPTION 'no place is left' USING ERRCODE = 'check_violation', CONSTRAINT = 'class_places_taken';
    ELSIF found <> training.taken THEN
        UPDATE {CLASS} SET taken = found WHERE id = NEW.training_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER activities_count_places AFTER INSERT OR UPDATE OF state, label ON {NOMINATION} FOR EACH ROW
    EXECUTE FUNCTION activities_count_places();

-- A merge: whoever is in the class already stays in it once (as for pairings, migration 0011).
CREATE FUNCTION activities_stays_nominated() RETURNS trigger LANGUAGE plpgsql {HEAD} AS $$
BEGIN
    IF EXISTS (SELECT FROM {NOMINATION} kept WHERE kept.expert_id = NEW.expert_id
        AND kept.training_id = NEW.training_id AND kept.state IN ('nominated', 'confirmed', 'waiting')
        AND NEW.state IN ('nominated', 'confirmed', 'waiting')) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER activities_stays_nominated BEFORE UPDATE OF expert_id ON {NOMINATION} FOR EACH ROW
    WHEN (OLD.expert_id <> NEW.expert_id) EXECUTE FUNCTION activities_stays_nominated();

-- Runs as owner: who has left the roster of a unit, or (`at` null) has died, is withdrawn from classes that have
-- not begun, whoever had nominated them. It looks itself whether they have, and answers nothing.
CREATE FUNCTION activities_withdraw_nominations(wanted uuid, at bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER {HEAD} AS $$
DECLARE
    expert experts_expert;
BEGIN
    SELECT * INTO expert FROM experts_expert WHERE uuid = wanted;
    IF core_actor() IS NULL OR expert.id IS NULL OR at IS NULL AND expert.died_on IS NULL OR EXISTS (
        SELECT FROM experts_rosterentry entry
        WHERE entry.expert_id = expert.id AND entry.until IS NULL AND entry.unit_id = coalesce(at, entry.unit_id))
    THEN
        RETURN;
    END IF;
    UPDATE {NOMINATION} nomination SET state = 'withdrawn' FROM {CLASS} training
    WHERE nomination.expert_id = expert.id AND training.id = nomination.training_id
      AND nomination.state IN ('nominated', 'confirmed', 'waiting') AND nomination.registered_at IS NULL
      AND training.state = 'planned' AND (at IS NULL OR nomination.unit_id = at)
      AND training.starts_on > {locks.TODAY};
END
$$;
REVOKE ALL ON FUNCTION activities_withdraw_nominations(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_withdraw_nominations(uuid, bigint) TO liaison_app;
"""
)


class Migration(migrations.Migration):
    dependencies = [("activities", "0013_training"), ("experts", "0020_telling")]
    operations = [
        migrations.RunSQL(PLANS, migrations.RunSQL.noop),
        migrations.RunSQL(CLASSES, migrations.RunSQL.noop),
        migrations.RunSQL(NOMINATIONS, migrations.RunSQL.noop),
    ]
