"""Stock Django admin pages whose permissions follow from roles, not from Django's permission tables."""

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:

    class Base(admin.ModelAdmin):
        @classmethod
        def __class_getitem__(cls, item: Any) -> type:
            return cls


class Holder(Protocol):
    """An account that knows which roles it holds today."""

    def holds(self, role: Any) -> bool: ...


class RoleAdmin(Base[Row]):
    """A page for the roles in `kept_by` (who may add and change as far as `adds` and `changes` go) and, to
    read, `read_by`. Nothing is deleted unless `deletes` says so. Writes go through actions: subclasses
    override `save_model` and `delete_model`, so that every one is in the audit trail."""

    kept_by: tuple[str, ...] = ()
    read_by: tuple[str, ...] = ()
    adds = changes = True
    deletes = False
    show_full_result_count = False

    def is_kept_by(self, request: HttpRequest) -> bool:
        return self._holds(request, self.kept_by)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, self.kept_by + self.read_by)

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self._holds(request, self.kept_by + self.read_by)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.adds and self.is_kept_by(request)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.changes and self.is_kept_by(request)

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.deletes and self.is_kept_by(request)

    def _holds(self, request: HttpRequest, roles: tuple[str, ...]) -> bool:
        user = request.user
        return user.is_authenticated and any(cast(Holder, user).holds(role) for role in roles)
