"""Make the secret files that docker-compose.yml mounts. An existing file is never replaced.

Usage: python3 docker/make_secrets.py [FOLDER]   (default: secrets/ beside docker-compose.yml)
The folder is closed to other users; the files are readable, since the containers run as users of their own.
"""

import secrets
import sys
from pathlib import Path

DATABASE = "postgres:5432/liaison"
WAYS = {
    "database_owner_url": "liaison_owner",
    "database_url": "liaison_app",
    "database_worker_url": "liaison_worker",
    "database_audit_url": "liaison_audit",
}


def contents() -> dict[str, str]:
    """Every secret, with its addresses and passwords in agreement."""
    superuser, broker = secrets.token_hex(24), secrets.token_hex(24)
    made = {name: f"postgres://{role}:{secrets.token_hex(24)}@{DATABASE}" for name, role in WAYS.items()}
    return made | {
        "postgres_password": superuser,
        "database_admin_url": f"postgres://postgres:{superuser}@postgres:5432/postgres",
        "valkey_conf": f'requirepass {broker}\nsave ""\nappendonly no\nmaxmemory-policy noeviction\n',
        "redis_url": f"redis://:{broker}@valkey:6379/0",
        "secret_key": secrets.token_urlsafe(64),
        "context_key": secrets.token_hex(32),
        "field_keys": f"k1:{secrets.token_hex(16)}:{secrets.token_hex(32)}",
        "audit_key": secrets.token_hex(32),
        "email_url": "",  # no e-mail until somebody fills it in
    }


def main() -> None:
    default = Path(__file__).resolve().parent.parent / "secrets"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(mode=0o700, exist_ok=True)
    made = contents()
    present = sorted(name for name in made if (folder / name).exists())
    if present:
        sys.exit(f"{folder} already holds {', '.join(present)}; secrets are made once and together.")
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    for name, content in made.items():
        path = folder / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o444)
    sys.stdout.write(
        f"{len(made)} secrets in {folder}. Keep a copy: without field_keys sensitive fields are lost.\n"
    )


if __name__ == "__main__":
    main()
