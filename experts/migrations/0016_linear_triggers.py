"""What follows a record, followed in time that grows with the records of the statement and no faster.

The planner knows nothing of transition tables: it took them for a handful of rows and joined old and new row by
row, 4,000,000 comparisons for 2,000 records, in each of ten triggers. A set difference is hashed whatever the
planner believes, and what it leaves is looked up by index, one expert after the other.
"""

from importlib import import_module

from django.db import migrations

held = import_module("experts.migrations.0007_held")
HEAD = """LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"""


def changed(*columns: str) -> str:
    listed = ", ".join(("id", *columns))
    return f"SELECT {listed} FROM after EXCEPT SELECT {listed} FROM before"


def follow(*tables: str, columns: tuple[str, ...] = ("held",)) -> str:
    """Give the copies in these tables what the columns became, for the experts in whom one of them changed.
    Where none did no statement runs: even an empty one would set off the triggers of its table."""
    values = ", ".join(f"{column} = changed.{column}" for column in columns)
    updates = "".join(
        f"""
        WITH changed AS MATERIALIZED ({changed(*columns)})
        UPDATE {table} child SET {values} FROM changed WHERE child.expert_id = changed.id;"""
        for table in tables
    )
    return f"""
    IF EXISTS ({changed(*columns)}) THEN{updates}
    END IF;"""


COPIES = [table for table in held.CHILDREN if table != "experts_searchtoken"]
LOCK, NAME = ("label", "unit_order", "held"), ("sort_key",)
FORWARD = f"""
CREATE OR REPLACE FUNCTION experts_move_tokens() RETURNS trigger {HEAD} AS $$
BEGIN{follow("experts_searchtoken", columns=LOCK)}{follow(*COPIES)}{follow("experts_holder", columns=NAME)}
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION experts_move_identity() RETURNS trigger {HEAD} AS $$
BEGIN{follow("experts_duplicatepair", "experts_merge")}
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION experts_follow() RETURNS trigger {HEAD} AS $$
BEGIN
    IF EXISTS ({changed("held")}) THEN
        EXECUTE format('WITH changed AS MATERIALIZED ({changed("held")})
            UPDATE %I child SET held = changed.held FROM changed WHERE child.expert_id = changed.id', TG_ARGV[0]);
    END IF;
    IF TG_ARGV[0] = 'experts_rosterentry' THEN{follow("experts_rosterentry", columns=NAME)}
    END IF;
    RETURN NULL;
END
$$;
-- Room for the copies of the lock to change in place: a row that moves to another page costs its eight indexes.
ALTER TABLE experts_rosterentry SET (fillfactor = 85);
ALTER TABLE experts_searchtoken SET (fillfactor = 90);
"""
BACKWARD = """
ALTER TABLE experts_rosterentry RESET (fillfactor);
ALTER TABLE experts_searchtoken RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("experts", "0014_roster_tally")]
    # Backwards the functions stay: they do what they did before, only sooner.
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
