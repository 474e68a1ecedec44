"""Subscriptions to calendars, each seen by its owner, opened by whoever holds the token."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

locks = import_module("experts.migrations.0002_locks")

FEED = "activities_calendarfeed"
OWN = "user_id = (SELECT core_actor())"
LOCKS = (
    locks.enable(FEED)
    + "".join(locks.policy(FEED, act, OWN) for act in ("SELECT", "INSERT", "DELETE"))
    + f"""
-- Runs as owner, before there is an actor: whose token this is. Only who knows a token learns anything.
CREATE FUNCTION activities_open_feed(wanted text, most integer)
RETURNS TABLE (owner_id bigint, is_too_often boolean, is_first_today boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    feed {FEED};
    this_hour timestamptz := date_trunc('hour', now());
BEGIN
    SELECT found.* INTO feed FROM {FEED} found JOIN accounts_user person ON person.id = found.user_id
    WHERE found.digest = wanted AND person.is_active FOR UPDATE OF found;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE {FEED} SET used_at = now(), hour = this_hour,
        asks = CASE WHEN feed.hour = this_hour THEN least(feed.asks, 1000000) + 1 ELSE 1 END
    WHERE id = feed.id;
    RETURN QUERY SELECT feed.user_id, coalesce(feed.hour = this_hour AND feed.asks >= most, false),
        coalesce((feed.used_at AT TIME ZONE 'Asia/Shanghai')::date < {locks.TODAY}, true);
END
$$;
REVOKE ALL ON FUNCTION activities_open_feed(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_open_feed(text, integer) TO liaison_app;
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0007_guests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="建立时间")),
                ("used_at", models.DateTimeField(null=True, verbose_name="最近使用")),
                ("hour", models.DateTimeField(editable=False, null=True)),
                ("asks", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "日历订阅",
                "verbose_name_plural": "日历订阅",
            },
        ),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
