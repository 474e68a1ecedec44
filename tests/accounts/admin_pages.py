"""What the tests of the admin pages share."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from tests.factories import unit

PASSWORD = "Wenming-2026-lian"
USER = {
    "username": "new_officer",
    "display_name": "新联络员",
    "position": "主任科员",
    "phone": "010-5550",
    "email": "",
    "duty": "work",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def events(**facts):
    found = Event.objects.filter(**facts).order_by("id")
    return [(e.verb, e.kind, e.reference, e.fields, e.result) for e in found]


def act(client, model, name, *rows):
    """Run an admin action on rows."""
    data = {"action": name, "_selected_action": [row.pk for row in rows]}
    return client.post(reverse(f"admin:{model}_changelist"), data, follow=True)


def errors(response):
    form = response.context["adminform"].form
    return {name: list(found) for name, found in form.errors.items()}


def unit_data(found, **changes):
    data = {
        "name": found.name,
        "short_name": found.short_name,
        "kind": found.kind,
        "area": found.area,
        "parent": found.parent_id or "",
        "first_leader": found.first_leader_id or "",
        "leader_in_charge": found.leader_in_charge_id or "",
        "is_active": "on",
    }
    return data | changes


def role_data(user, role, code, **more):
    return {
        "user": user.pk,
        "role": role.value,
        "unit": unit(code).pk,
        "since": "2026-01-01",
        "until": "",
    } | more


def lock(user):
    User.objects.filter(pk=user.pk).update(locked_until=timezone.now() + timedelta(minutes=9))
