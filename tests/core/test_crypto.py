"""Sensitive fields: SM4-GCM bound to their place, HMAC-SM3 blind indexes, key rotation."""

import pytest
from cryptography.exceptions import InvalidTag
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import blind_index, decrypt, encrypt, hmac_sm3, sm3

PLACE = "experts_sensitivevalue|7|phone"
OLD = "old:" + "11" * 16 + ":" + "22" * 32
NEW = "new:" + "33" * 16 + ":" + "22" * 32


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text):
    data, key_id = encrypt(text, bound_to=PLACE)
    assert decrypt(data, key_id=key_id, bound_to=PLACE) == text


def test_ciphertext_shows_nothing_and_never_repeats():
    text = "金丝雀110105198510104635"
    one, _ = encrypt(text, bound_to=PLACE)
    two, _ = encrypt(text, bound_to=PLACE)
    assert one != two
    assert text.encode() not in one
    assert len(one) == 12 + len(text.encode()) + 16


@pytest.mark.parametrize("position", [0, 5, 12, 14, -17, -16, -1])
def test_any_changed_byte_is_noticed(position):
    data, key_id = encrypt("13800000000", bound_to=PLACE)
    broken = bytearray(data)
    broken[position] ^= 1
    with pytest.raises(InvalidTag):
        decrypt(bytes(broken), key_id=key_id, bound_to=PLACE)


@pytest.mark.parametrize(
    "place", ["experts_sensitivevalue|8|phone", "experts_sensitivevalue|7|health", "other|7|phone", ""]
)
def test_ciphertext_moved_elsewhere_does_not_decrypt(place):
    data, key_id = encrypt("13800000000", bound_to=PLACE)
    with pytest.raises(InvalidTag):
        decrypt(data, key_id=key_id, bound_to=place)


def test_sensitive_row_moved_to_another_expert_does_not_decrypt(db):
    from experts.models import SensitiveValue
    from experts.sensitive import opened
    from tests.factories import make_expert, make_sensitive

    mine, theirs = make_expert(name="王一"), make_expert(name="王二")
    row = make_sensitive(mine)
    assert opened(mine, row) == "110105198510104635"
    SensitiveValue.objects.filter(pk=row.pk).update(expert=theirs, unit_order=theirs.unit_order)
    row.refresh_from_db()
    with pytest.raises(InvalidTag):
        opened(theirs, row)


def test_older_keys_still_decrypt_and_the_newest_encrypts(settings):
    settings.FIELD_KEYS = [OLD]
    data, key_id = encrypt("甲", bound_to=PLACE)
    index = blind_index("甲", purpose="phone")
    settings.FIELD_KEYS = [NEW, OLD]
    assert key_id == "old"
    assert decrypt(data, key_id=key_id, bound_to=PLACE) == "甲"
    assert encrypt("乙", bound_to=PLACE)[1] == "new"
    assert blind_index("甲", purpose="phone") == index


def test_wrong_key_does_not_decrypt(settings):
    settings.FIELD_KEYS = [OLD]
    data, _ = encrypt("甲", bound_to=PLACE)
    settings.FIELD_KEYS = [NEW, OLD]
    with pytest.raises(InvalidTag):
        decrypt(data, key_id="new", bound_to=PLACE)


@pytest.mark.parametrize("entry", ["k1", "k1:zz:22", "k1:1122:" + "22" * 32, "k1:" + "11" * 16 + ":22"])
def test_broken_keys_say_what_is_wrong(settings, entry):
    settings.FIELD_KEYS = [entry]
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        encrypt("甲", bound_to=PLACE)


def test_blind_index_is_equal_for_equal_texts_of_one_purpose():
    assert blind_index("138", purpose="phone") == blind_index("138", purpose="phone")
    assert blind_index("138", purpose="phone") != blind_index("139", purpose="phone")
    assert blind_index("138", purpose="phone") != blind_index("138", purpose="id_number")
    assert blind_index("b|c", purpose="a") == blind_index("b|c", purpose="a")
    assert len(blind_index("138", purpose="phone")) == 32


def test_sm3_gives_the_digest_of_the_standard():
    # GB/T 32905-2016, examples 1 and 2
    assert sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_hmac_sm3_depends_on_key_and_message():
    assert hmac_sm3(b"k" * 32, b"m") != hmac_sm3(b"l" * 32, b"m")
    assert hmac_sm3(b"k" * 32, b"m") != hmac_sm3(b"k" * 32, b"n")
