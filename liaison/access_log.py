"""gunicorn's access log, without what opens something to whoever reads it (see docker-compose.yml)."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from core.logs import without_tokens

WITH_PATHS = ("U", "r", "q", "f")


class AccessLog(Logger):
    """Paths that hold a private token are told without it."""

    @staticmethod
    def without_secrets(path: str) -> str:
        return without_tokens(path)

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        for name in WITH_PATHS:
            if found.get(name):
                found[name] = without_tokens(str(found[name]))
        return found
