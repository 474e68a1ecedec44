"""What each `manage.py` command needs: the database role it works as, and whether servers must answer."""

# These make or fill tables, or look past row-level security on purpose.
OWNER_COMMANDS = frozenset(
    {
        "create_administrators",
        "flush",
        "load_reference",
        "migrate",
        "prepare",
        "rotate_field_keys",
        "seed_demo",
        "seed_load",
        "setup_database",
        "showmigrations",
        "sqlmigrate",
        "squashmigrations",
        "test",
    }
)
# These seal the trail and walk it, and reach nothing else.
AUDIT_COMMANDS = frozenset({"audit_seal", "audit_verify"})
# These do what the system does by itself.
WORKER_COMMANDS = frozenset({"reminders"})
WITHOUT_SERVERS = frozenset(
    {"", "help", "--help", "-h", "version", "--version", "collectstatic", "findstatic", "diffsettings"}
)
HELP_FLAGS = frozenset({"--help", "-h"})


def role_for(arguments: list[str]) -> str:
    """The value of LIAISON_DB_ROLE for a command line (without the program's name)."""
    command = arguments[0] if arguments else ""
    if command in AUDIT_COMMANDS:
        return "audit"
    if command in WORKER_COMMANDS:
        return "worker"
    return "owner" if command in OWNER_COMMANDS else "app"


def needs_servers(arguments: list[str]) -> bool:
    """Whether the command talks to the database or the broker."""
    command = arguments[0] if arguments else ""
    return command not in WITHOUT_SERVERS and not HELP_FLAGS.intersection(arguments)
