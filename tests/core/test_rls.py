"""The signed actor: what is forged, old, borrowed or absent is nobody."""

import time

import pytest
from django.db import DatabaseError, connection, transaction

from core.context import acting
from core.rls import _sign, install_context_key, set_actor, signing_pads, transaction_as, working_as
from tests.factories import make_expert, make_user
from tests.roles import as_role

pytestmark = pytest.mark.django_db


def pid():
    return connection.connection.info.backend_pid


def actor(sql, value):
    sql("SELECT set_config('app.actor', %s, true)", value)
    return sql("SELECT core_actor()")[0][0]


def signed(user_id=7, issued=None, backend=None):
    message = f"{user_id}|{int(time.time()) if issued is None else issued}|{backend or pid()}"
    return f"{message}|{_sign(message)}"


def test_signed_context_names_the_actor(sql):
    assert actor(sql, signed(7)) == 7
    set_actor(8)
    assert sql("SELECT core_actor()") == [(8,)]


def test_signature_is_the_hmac_that_the_database_computes(sql):
    """PostgreSQL has sha256() only; the two padded blocks make an HMAC of it."""
    inner, outer = signing_pads()
    message = "1|2|3"
    digest = "SELECT encode(sha256(%s || sha256(%s || convert_to(%s, 'UTF8'))), 'hex')"
    assert sql(digest, outer, inner, message) == [(_sign(message),)]


@pytest.mark.parametrize("key", ["short", "k" * 64, "k" * 65, "密钥" * 40])
def test_any_length_of_key_works(sql, settings, key):
    settings.CONTEXT_KEY = key
    install_context_key()
    assert actor(sql, signed(7)) == 7


def test_context_is_nobody_without_a_signature(sql):
    now, here = int(time.time()), pid()
    for value in [
        "",
        "7",
        "|||",
        f"7|{now}|{here}",
        f"7|{now}|{here}|",
        f"7|{now}|{here}|{'0' * 64}",
        f"7|{now}|{here}|{_sign('8|1|1')}",
        f"-7|{now}|{here}|{_sign(f'-7|{now}|{here}')}",
        f"7 OR 1=1|{now}|{here}|x",
        f"{signed(7)}|more",
        signed("9" * 19),
    ]:
        assert actor(sql, value) is None, value


def test_context_is_nobody_when_another_actor_is_written_into_it(sql):
    genuine = signed(7)
    assert actor(sql, genuine) == 7
    assert actor(sql, genuine.replace("7|", "8|", 1)) is None


def test_context_is_nobody_when_too_old_or_from_the_future(sql):
    now = int(time.time())
    assert actor(sql, signed(issued=now - 880)) == 7
    assert actor(sql, signed(issued=now - 920)) is None
    assert actor(sql, signed(issued=now + 920)) is None


def test_context_of_another_connection_is_nobody(sql):
    assert actor(sql, signed(backend=pid() + 1)) is None


def test_context_signed_with_another_key_is_nobody(sql, settings):
    settings.CONTEXT_KEY = "another key"
    assert actor(sql, signed(7)) is None


def test_context_without_an_installed_key_is_nobody(sql):
    assert actor(sql, signed(7)) == 7
    sql("DELETE FROM core_context_key")
    assert actor(sql, signed(7)) is None


@pytest.mark.parametrize("role", ["liaison_app", "liaison_worker", "liaison_audit"])
def test_key_is_read_by_the_owner_only(sql, role):
    assert len(sql("SELECT * FROM core_context_key")) == 1
    for statement in ["SELECT * FROM core_context_key", "DELETE FROM core_context_key"]:
        with pytest.raises(DatabaseError, match="permission denied"), as_role(role), transaction.atomic():
            sql(statement)


def test_no_context_no_rows(sql, as_app, officer_haidian):
    make_expert(unit_code="D04")
    statement = "SELECT count(*) FROM experts_expert"
    assert sql(statement) == [(1,)]
    with as_app():
        assert sql(statement) == [(0,)]
    with as_app(officer_haidian):
        assert sql(statement) == [(1,)]
        sql(
            "SELECT set_config('app.actor', %s, true)",
            f"{officer_haidian.pk}|{int(time.time())}|{pid()}|forged",
        )
        assert sql(statement) == [(0,)]


def test_nested_transaction_clears_the_actor(sql):
    with transaction_as(7):
        assert sql("SELECT core_actor()") == [(7,)]
    assert sql("SELECT core_actor()") == [(None,)]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_end_of_a_transaction_forgets_the_actor(end):
    """On a connection of its own: the tests themselves never commit."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            here = other.connection.info.backend_pid
            cursor.execute("SELECT set_config('app.actor', %s, true)", [signed(7, backend=here)])
            cursor.execute("SELECT core_actor()")
            assert cursor.fetchone() == (7,)
            cursor.execute(end)
            cursor.execute("SELECT core_actor()")
            assert cursor.fetchone() == (None,)
    finally:
        other.close()


def test_failure_inside_clears_the_actor(sql):
    with pytest.raises(ZeroDivisionError), transaction_as(7):
        _ = 1 / 0
    assert sql("SELECT core_actor()") == [(None,)]


def test_jobs_carry_the_actor_for_database_and_audit(sql):
    user = make_user(username="worker_for")
    with working_as(user, channel="job"):
        assert sql("SELECT core_actor()") == [(user.pk,)]
        assert (acting().user_id, acting().username, acting().channel) == (user.pk, "worker_for", "job")
    assert acting().user_id is None


def test_pooled_connections_ask_the_server_for_its_process(sql, settings):
    settings.DATABASE_POOLED = True
    set_actor(7)
    assert sql("SELECT core_actor()") == [(7,)]
