"""Writing to the register: entry, change, sensitive values, bulk acts, reveal, photo; each on the record."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from PIL import ExifTags, Image

from audit.models import Event
from experts.actions import register as actions
from experts.enums import Category, Label, Scope, SensitiveField
from experts.errors import NotAllowed, StaleSave
from experts.freshness import ConfirmationLimits
from experts.models import Award, Expert, SearchToken, SensitiveValue
from experts.photos import LARGEST, NotAPicture, check_picture, reencoded
from experts.sensitive import SensitiveInput, check_id_number, opened
from tests.factories import hold, make_expert, make_sensitive, restrict, unit

pytestmark = pytest.mark.django_db
today = timezone.localdate
ID_NUMBER = "110105198510104635"


def facts(**changes):
    return {
        "name": "王小明",
        "unit": unit("D04"),
        "category": Category.HIGH_SKILL,
        "employer": "示范大学",
    } | changes


def trail():
    return Event.objects.filter(kind="expert")


def acts():
    """What the trail says of experts, oldest first."""
    return [(row.verb, row.kind, row.reference, row.fields) for row in trail().order_by("id")]


def secrets_of(expert):
    return {row.field: opened(expert, row) for row in SensitiveValue.objects.filter(expert=expert)}


# Entry


def test_create_stores_facts_keys_and_who_did_it(as_app, officer_haidian):
    with as_app(officer_haidian):
        made = actions.create_expert(by=officer_haidian, facts=facts(name="王　小明", birth=date(1966, 5, 1)))
    expert = Expert.objects.get(pk=made.pk)
    assert (expert.name, expert.unit_order, expert.version) == ("王小明", unit("D04").order, 1)
    assert expert.sort_key == f"wang xiao ming  |王小明|{expert.record_number}"
    assert (expert.created_by, expert.updated_by, expert.confirmed_by) == (officer_haidian,) * 3
    assert (expert.confirmed_on, expert.scope) == (today(), Scope.GENERAL)
    assert acts() == [("create", "expert", expert.record_number, [])]


def test_create_makes_the_record_findable(as_app, officer_haidian):
    with as_app(officer_haidian):
        expert = actions.create_expert(by=officer_haidian, facts=facts())
    found = set(SearchToken.objects.filter(expert=expert).values_list("token", flat=True))
    assert {"王小明", "wxm", "wangxiaoming", "e:示范"} <= found


def test_create_encrypts_sensitive_values(as_app, officer_haidian):
    phone = SensitiveInput(SensitiveField.PHONE, "13800138000")
    with as_app(officer_haidian):
        expert = actions.create_expert(
            by=officer_haidian, facts=facts(), sensitive=[check_id_number(ID_NUMBER), phone]
        )
    assert secrets_of(expert) == {"id_number": ID_NUMBER, "phone": "13800138000"}
    assert expert.id_type == "resident18"
    stored = [bytes(row.ciphertext) for row in SensitiveValue.objects.all()]
    assert not any(ID_NUMBER.encode() in text or b"13800138000" in text for text in stored)


@pytest.mark.parametrize("changes", [{"unit_code": "D03"}, {"label": Label.RESTRICTED}])
def test_create_refuses_what_lies_beyond_the_user(officer_haidian, changes):
    wanted = facts(**changes)
    if code := wanted.pop("unit_code", None):
        wanted["unit"] = unit(code)
    with pytest.raises(NotAllowed):
        actions.create_expert(by=officer_haidian, facts=wanted)
    assert (Expert.objects.count(), acts()) == (0, [])


def test_create_refuses_a_label_above_the_clearance(officer_chaoyang):
    with pytest.raises(NotAllowed):
        actions.create_expert(by=officer_chaoyang, facts=facts(unit=unit("D03"), label=Label.SENSITIVE))


# Change


def test_update_saves_only_what_changed(as_app, officer_haidian):
    expert = make_expert(employer="示范大学", post="教授")
    with as_app(officer_haidian):
        changed = actions.update_expert(
            by=officer_haidian, expert=expert, version=1, facts={"employer": "示范大学", "post": "院长"}
        )
    expert.refresh_from_db()
    assert (changed, expert.post, expert.version, expert.updated_by) == (["post"], "院长", 2, officer_haidian)
    assert acts() == [("change", "expert", expert.record_number, ["post"])]


def test_update_without_a_difference_changes_nothing(officer_haidian):
    expert = make_expert(employer="示范大学")
    assert (
        actions.update_expert(by=officer_haidian, expert=expert, version=1, facts={"employer": "示范大学"})
        == []
    )
    expert.refresh_from_db()
    assert (expert.version, acts()) == (1, [])


def test_update_of_the_name_moves_key_and_tokens(as_app, officer_haidian):
    expert = make_expert("王小明")
    with as_app(officer_haidian):
        actions.update_expert(by=officer_haidian, expert=expert, version=1, facts={"name": "李 小明"})
    expert.refresh_from_db()
    tokens = set(expert.tokens.values_list("token", flat=True))
    assert expert.sort_key == f"li xiao ming  |李小明|{expert.record_number}"
    assert ("lxm" in tokens, "wxm" in tokens) == (True, False)


def test_update_moves_the_unit_and_all_copies_of_its_number(as_app, staff_city):
    expert = make_expert(awards=["CAS"])
    with as_app(staff_city):
        actions.update_expert(by=staff_city, expert=expert, version=1, facts={"unit": unit("D03")})
    expert.refresh_from_db()
    order = unit("D03").order
    assert (expert.unit_order, Award.objects.get(expert=expert).unit_order) == (order, order)


def test_update_decides_the_scope_anew(officer_haidian):
    expert = make_expert(awards=["CAS"])
    assert expert.scope == Scope.KEY
    actions.update_expert(by=officer_haidian, expert=expert, version=1, facts={"works_in_beijing": False})
    expert.refresh_from_db()
    assert (expert.scope, expert.scope_basis) == (Scope.GENERAL, [])


def test_a_stale_save_is_refused_and_gives_the_record_as_it_stands(officer_haidian, director_haidian):
    expert = make_expert(post="教授")
    actions.update_expert(by=director_haidian, expert=expert, version=1, facts={"post": "院长"})
    with pytest.raises(StaleSave) as stale:
        actions.update_expert(by=officer_haidian, expert=expert, version=1, facts={"post": "所长"})
    assert (stale.value.current.post, stale.value.current.version) == ("院长", 2)
    expert.refresh_from_db()
    assert expert.post == "院长"


def test_update_beyond_the_users_units_is_refused_whole(officer_haidian):
    expert = make_expert(post="教授")
    with pytest.raises(NotAllowed) as refusal:
        actions.update_expert(
            by=officer_haidian, expert=expert, version=1, facts={"unit": unit("D03"), "post": "院长"}
        )
    assert list(refusal.value.message_dict) == ["unit"]
    expert.refresh_from_db()
    assert (expert.unit, expert.post, expert.version) == (unit("D04"), "教授", 1)


def test_the_label_of_a_restricted_record_is_not_changed_by_an_edit(cleared_city):
    expert = restrict(make_expert(), cleared_city)
    with pytest.raises(NotAllowed):
        actions.update_expert(by=cleared_city, expert=expert, version=1, facts={"label": Label.INTERNAL})
    expert.refresh_from_db()
    assert expert.label == Label.RESTRICTED


def test_someone_on_the_list_edits_a_restricted_record_of_another_unit(as_app, officer_chaoyang):
    expert = restrict(make_expert(unit_code="D04"), officer_chaoyang)
    with as_app(officer_chaoyang):
        actions.update_expert(by=officer_chaoyang, expert=expert, version=1, facts={"post": "院长"})
    expert.refresh_from_db()
    assert (expert.post, expert.unit) == ("院长", unit("D04"))


def test_a_record_seen_through_a_second_unit_is_not_changed(officer_haidian):
    expert = make_expert(unit_code="D03")
    hold(expert, "D04")
    assert Expert.objects.visible_to(officer_haidian).filter(pk=expert.pk).exists()
    with pytest.raises(Expert.DoesNotExist):
        actions.update_expert(by=officer_haidian, expert=expert, version=1, facts={"post": "院长"})


def test_a_sensitive_value_is_replaced_and_an_empty_one_removes_it(as_app, officer_haidian):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    with as_app(officer_haidian):
        names = actions.update_expert(
            by=officer_haidian,
            expert=expert,
            version=1,
            facts={},
            sensitive=[SensitiveInput(SensitiveField.PHONE, "13900139000")],
        )
    assert (names, secrets_of(expert)) == (["phone"], {"phone": "13900139000"})
    with as_app(officer_haidian):
        actions.update_expert(
            by=officer_haidian,
            expert=expert,
            version=2,
            facts={},
            sensitive=[SensitiveInput(SensitiveField.PHONE, "")],
        )
    assert secrets_of(expert) == {}


def test_the_trail_names_fields_and_never_values(officer_haidian):
    expert = make_expert()
    actions.update_expert(
        by=officer_haidian,
        expert=expert,
        version=1,
        facts={"post": "秘而不宣"},
        sensitive=[SensitiveInput(SensitiveField.HEALTH, "体检正常")],
    )
    event = trail().get()
    assert event.fields == ["post", "health"]
    assert not any("秘而不宣" in str(value) or "体检正常" in str(value) for value in vars(event).values())


# Several at once


def test_assign_category_counts_and_records_each(as_app, officer_haidian):
    experts = [make_expert("甲一"), make_expert("乙二")]
    with as_app(officer_haidian):
        mine = Expert.objects.changeable_by(officer_haidian)
        done = actions.assign_category(by=officer_haidian, experts=mine, category=Category.ENTREPRENEUR)
    rows = Expert.objects.values_list("category", "version", "updated_by")
    assert done == 2
    assert set(rows) == {(Category.ENTREPRENEUR, 2, officer_haidian.pk)}
    assert sorted(acts()) == sorted(
        ("change", "expert", each.record_number, ["category"]) for each in experts
    )


def test_assign_unit_moves_the_records_with_their_copies(as_app, staff_city):
    expert = make_expert(awards=["CAS"])
    with as_app(staff_city):
        mine = Expert.objects.changeable_by(staff_city)
        assert actions.assign_unit(by=staff_city, experts=mine, unit=unit("D03")) == 1
    expert.refresh_from_db()
    assert (expert.unit, expert.unit_order) == (unit("D03"), unit("D03").order)
    assert Award.objects.get().unit_order == unit("D03").order


def test_assign_unit_out_of_reach_is_refused(officer_haidian):
    expert = make_expert()
    with pytest.raises(NotAllowed):
        actions.assign_unit(by=officer_haidian, experts=Expert.objects.all(), unit=unit("D03"))
    expert.refresh_from_db()
    assert expert.unit == unit("D04")


def test_assign_label_leaves_restricted_records_alone(cleared_city):
    plain, listed = make_expert("甲一"), restrict(make_expert("乙二"), cleared_city)
    mine = Expert.objects.changeable_by(cleared_city)
    assert actions.assign_label(by=cleared_city, experts=mine, label=Label.SENSITIVE) == 1
    labels = dict(Expert.objects.values_list("pk", "label"))
    assert labels == {plain.pk: Label.SENSITIVE, listed.pk: Label.RESTRICTED}


@pytest.mark.parametrize(("persona", "label"), [
    ("officer_chaoyang", Label.SENSITIVE),
    ("staff_city", Label.RESTRICTED),
])  # fmt: skip
def test_assign_label_above_the_clearance_is_refused(request, persona, label):
    user = request.getfixturevalue(persona)
    expert = make_expert(unit_code="D03")
    with pytest.raises(NotAllowed):
        actions.assign_label(by=user, experts=Expert.objects.changeable_by(user), label=label)
    expert.refresh_from_db()
    assert expert.label == Label.INTERNAL


def is_stale(expert):
    return ConfirmationLimits.today().is_stale(expert.confirmed_on, expert.unit_order)


def test_confirm_notes_today_and_the_person(as_app, officer_haidian):
    expert = make_expert(confirmed_on=date(2020, 1, 1))
    assert is_stale(expert)
    with as_app(officer_haidian):
        mine = Expert.objects.changeable_by(officer_haidian).filter(pk=expert.pk)
        assert actions.confirm_information(by=officer_haidian, experts=mine) == 1
    expert.refresh_from_db()
    assert (expert.confirmed_on, expert.confirmed_by, is_stale(expert)) == (today(), officer_haidian, False)


@pytest.mark.parametrize(("age", "stale"), [(timedelta(days=729), False), (timedelta(days=733), True)])
def test_information_is_stale_after_two_years(age, stale):
    assert is_stale(make_expert(confirmed_on=today() - age)) is stale


# Showing a sensitive value


def test_reveal_is_recorded_with_its_reason_before_anything_is_shown(as_app, officer_haidian):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    with as_app(officer_haidian):
        text = actions.reveal(
            by=officer_haidian, expert=expert, field=SensitiveField.PHONE, reason=" 办理\0体检 "
        )
    event = trail().get()
    assert text == "13800138000"
    assert (event.verb, event.reference, event.fields, event.reason, event.username) == (
        "reveal", expert.record_number, ["phone"], "办理体检", "officer_haidian",
    )  # fmt: skip


@pytest.mark.parametrize("reason", ["", "  ", "\0", "绝密★10年"])
def test_reveal_needs_a_reason_that_may_be_kept(officer_haidian, reason):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    with pytest.raises(ValidationError):
        actions.reveal(by=officer_haidian, expert=expert, field=SensitiveField.PHONE, reason=reason)
    assert acts() == []


def test_reveal_needs_the_right_to_sensitive_fields(leader_city):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    assert Expert.objects.visible_to(leader_city).filter(pk=expert.pk).exists()
    with pytest.raises(PermissionDenied):
        actions.reveal(by=leader_city, expert=expert, field=SensitiveField.PHONE, reason="查看")


def test_reveal_shows_nothing_when_the_trail_cannot_be_written(officer_haidian, monkeypatch):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")

    def broken(*args, **kwargs):
        raise OSError("disk full")

    def never(*args):
        raise AssertionError("opened before the event was written")

    monkeypatch.setattr(actions, "record", broken)
    monkeypatch.setattr(actions, "opened", never)
    with pytest.raises(OSError, match="disk full"):
        actions.reveal(by=officer_haidian, expert=expert, field=SensitiveField.PHONE, reason="办理体检")


# Photo


def picture(kind="JPEG", size=(1200, 900), **options):
    out = BytesIO()
    Image.new("RGB", size, "steelblue").save(out, kind, **options)
    out.seek(0)
    return out


def picture_with_place():
    """A photo as a telephone takes it: camera, time and GPS position."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Phone"
    exif[ExifTags.Base.DateTime] = "2026:01:02 03:04:05"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (39.0, 54.0, 26.0)
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return picture(exif=exif.tobytes(), comment=b"taken at home")


def test_a_photo_is_kept_without_place_time_and_camera(officer_haidian):
    upload, expert = picture_with_place(), make_expert()
    with Image.open(upload) as before:
        assert dict(before.getexif().get_ifd(ExifTags.IFD.GPSInfo))
        assert b"taken at home" in before.info["comment"]
    actions.set_photo(by=officer_haidian, expert=expert, upload=upload)
    expert.refresh_from_db()
    with expert.photo.open("rb") as handle:
        data = handle.read()
    with Image.open(BytesIO(data)) as after:
        assert (after.format, after.size, dict(after.getexif())) == ("JPEG", (800, 600), {})
    assert not any(trace in data for trace in (b"Exif", b"GPS", b"taken at home", b"Phone", b"2026:01:02"))
    assert acts() == [("change", "expert", expert.record_number, ["photo"])]


def test_an_upright_photo_stays_upright():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    with Image.open(reencoded(picture(size=(400, 200), exif=exif.tobytes()))) as after:
        assert after.size == (200, 400)


@pytest.mark.django_db(transaction=False)
def test_a_new_photo_removes_the_old_file(officer_haidian, django_capture_on_commit_callbacks):
    expert = make_expert()
    actions.set_photo(by=officer_haidian, expert=expert, upload=picture())
    expert.refresh_from_db()
    old = expert.photo.name
    with django_capture_on_commit_callbacks(execute=True):
        actions.set_photo(by=officer_haidian, expert=expert, upload=picture("PNG"))
    expert.refresh_from_db()
    assert (expert.photo.storage.exists(old), expert.photo.storage.exists(expert.photo.name)) == (False, True)


@pytest.mark.parametrize("data", [
    b"",
    b"not a picture",
    b"%PDF-1.7",
    b"\xff\xd8\xff\xe0" + bytes(200),
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    picture().getvalue()[:3000],
    picture("PNG").getvalue()[:-200],
    picture("GIF").getvalue(),
    picture("BMP", size=(10, 10)).getvalue(),
], ids=["empty", "text", "pdf", "head only", "svg", "cut jpeg", "cut png", "gif", "bmp"])  # fmt: skip
def test_what_is_not_a_whole_jpeg_or_png_is_refused(data):
    with pytest.raises(NotAPicture):
        check_picture(BytesIO(data))


def test_a_picture_that_unfolds_into_too_much_memory_is_refused():
    out = BytesIO()
    Image.new("1", (LARGEST // 1000 + 1, 1000)).save(out, "PNG")
    assert len(out.getvalue()) < 20_000
    with pytest.raises(NotAPicture, match="像素"):
        check_picture(out)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "MPO"])
def test_usual_pictures_are_taken(kind):
    check_picture(picture(kind))
