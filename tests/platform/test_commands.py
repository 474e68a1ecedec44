import pytest

from liaison import commands


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("migrate --noinput", "owner"),
        ("seed_demo", "owner"),
        ("setup_database", "owner"),
        ("audit_seal --every 3", "audit"),
        ("audit_verify", "audit"),
        ("import_roster a.xlsx --unit BJ", "app"),
        ("shell", "app"),
        ("check --deploy", "app"),
        ("", "app"),
    ],
)
def test_role_follows_the_command(line: str, role: str) -> None:
    assert commands.role_for(line.split()) == role


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("migrate", True),
        ("check", True),
        ("migrate --help", False),
        ("help migrate", False),
        ("collectstatic --noinput", False),
        ("", False),
    ],
)
def test_servers_are_needed_by_commands_that_read_data(line: str, needed: bool) -> None:
    assert commands.needs_servers(line.split()) is needed
