"""How many came onto a roster, left it or changed scope on a day, for a unit with its subtree.

Kept by statement triggers that run as owner, so that a dashboard adds up a few hundred rows instead of reading
the entries of a year. Whether an entry is a coming or a change of scope says the proposal that opened it.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

locks = import_module("experts.migrations.0002_locks")
TABLE = "experts_rostermovement"


def turns(rows: str, sign: int) -> str:
    return f"""
        SELECT entry.place, entry.label, CASE opened.kind WHEN 'rescope' THEN 'rescoped' ELSE 'entered' END AS kind,
            entry.since AS day, {sign} AS n
        FROM {rows} entry JOIN experts_proposal opened ON opened.id = entry.opened_by_id
        UNION ALL
        SELECT entry.place, entry.label, 'left', entry.until, {sign}
        FROM {rows} entry JOIN experts_proposal closed ON closed.id = entry.closed_by_id
        WHERE closed.kind = 'exit'"""


def add_up(moved: str) -> str:
    return f"""
    INSERT INTO {TABLE} AS kept (unit_id, label, kind, day, number)
    SELECT unit.id, label, turned.kind, day, sum(n) FROM (
        SELECT place, label, kind, day, sum(n) AS n FROM ({moved}) moved
        WHERE label < 2 GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0) turned
    JOIN accounts_unit unit ON place BETWEEN unit."order" AND unit.order_end
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 ORDER BY 1, 4, 3, 2"""


TO_WHAT_IS_THERE = """
    ON CONFLICT (unit_id, day, kind, label) DO UPDATE SET number = kept.number + excluded.number"""


def tally(act: str, tables: str, moved: str) -> str:
    return f"""
CREATE FUNCTION experts_movement_{act}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    {add_up(moved).strip()}{TO_WHAT_IS_THERE};
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_rosterentry_movement_{act} AFTER {act.upper()} ON experts_rosterentry REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION experts_movement_{act}();
"""


CAME, GONE = turns("came", 1), turns("gone", -1)
FORWARD = (
    tally("insert", "NEW TABLE AS came", CAME)
    + tally("update", "OLD TABLE AS gone NEW TABLE AS came", f"{CAME} UNION ALL {GONE}")
    + tally("delete", "OLD TABLE AS gone", GONE)
    + f"""
-- A unit that took another place in the tree begins from nothing; the entries below it, whose place follows,
-- then add to it and to the units above it.
CREATE FUNCTION experts_movement_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM {TABLE} WHERE unit_id IN (
        SELECT id FROM (SELECT id, "order", order_end FROM after
                        EXCEPT SELECT id, "order", order_end FROM before) moved);
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_movement_moved AFTER UPDATE ON accounts_unit REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION experts_movement_moved();
"""
    + locks.enable(TABLE)
    + locks.policy(
        TABLE,
        "SELECT",
        "label < 2 AND label <= (SELECT accounts_clearance()) AND EXISTS (SELECT FROM accounts_unit unit"
        " WHERE unit.id = unit_id AND unit.\"order\" <@ (SELECT accounts_reach('view')))",
    )
    + f"{add_up(turns('experts_rosterentry', 1)).strip()};"
)


class Migration(migrations.Migration):
    dependencies = [("experts", "0017_priorities"), ("accounts", "0006_faster_rights")]
    operations = [
        migrations.CreateModel(
            name="RosterMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.SmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("entered", "新列入"), ("left", "退出"), ("rescoped", "调整范围")],
                        max_length=8,
                    ),
                ),
                ("day", models.DateField()),
                ("number", models.IntegerField()),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "名单变动人次",
                "verbose_name_plural": "名单变动人次",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("unit", "day", "kind", "label"),
                        include=("number",),
                        name="roster_movement_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
