"""Whatever is encrypted under FIELD_KEYS is known to the rotation of keys; a place that it does not know
would be lost with the old key."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import BinaryField

from liaison.sealed import PLACES
from tests.policy.test_code import APPS

ROOT = settings.BASE_DIR
# Modules that encrypt, each for a place in liaison/sealed.py or for all of them.
ENCRYPTING = {
    "core/vault.py",
    "experts/actions/changes.py",
    "experts/exit_texts.py",
    "experts/sensitive.py",
    "exchange/pipeline/source.py",
    "exchange/rows.py",
    "liaison/key_rotation.py",
}
NOT_SEALED = {
    ("experts_sensitivevalue", "blind_index"): "a keyed digest; the index key is never replaced",
    ("reports_documenttemplate", "content"): "a form before anything is filled in; not encrypted",
}


def is_key_column(field):
    return re.fullmatch(r"key_id|(stored|sample|sealed|file)_key", field.name) is not None


def test_every_column_of_a_key_belongs_to_a_place():
    models = [model for model in apps.get_models() if not model._meta.proxy]
    columns = {
        (m._meta.db_table, f.name) for m in models for f in m._meta.concrete_fields if is_key_column(f)
    }
    assert columns == {(place.table, place.key) for place in PLACES}


def test_every_binary_column_is_a_place_or_known():
    columns = {
        (model._meta.db_table, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
    }
    assert columns - set(NOT_SEALED) <= {(place.table, place.content) for place in PLACES}


def test_only_known_modules_encrypt():
    found = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\bencrypt(_bytes)?\(", path.read_text(encoding="utf-8")) and path.name != "crypto.py"
    }
    assert found == ENCRYPTING


def test_every_vault_is_a_place():
    found = {
        name
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for name in re.findall(r'\bVault\("(\w+)"\)', path.read_text(encoding="utf-8"))
    }
    assert found == {place.vault.name for place in PLACES if hasattr(place, "vault")}


@pytest.mark.parametrize("name", ["key_id", "stored_key", "sample_key"])
def test_the_pattern_sees_a_column_of_a_key(name):
    from django.db.models import CharField

    field = CharField(max_length=20)
    field.name = name
    assert is_key_column(field)
