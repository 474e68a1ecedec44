"""Putting everything under the newest of FIELD_KEYS while the product works (docs/admin-manual.md, 9)."""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from django.db import transaction
from django.db.models import Count

from core.crypto import decrypt_bytes, encrypt_bytes, hmac_sm3, key_ids, shares_index_key
from liaison.problems import Problem
from liaison.sealed import PLACES, Place

PATIENCE = 30.0  # seconds to wait for rows that others are writing
PAGE = 1000


class Unreadable(Exception):
    """A value that does not open; the message says why and never what."""


class Damaged(Exception):
    """What was just stored does not read back as what it was; the batch is taken back."""


@dataclass
class Outcome:
    """What became of one place. `kept` are digests of the values that were re-encrypted, by row."""

    place: Place
    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    kept: dict[Any, bytes] = field(default_factory=dict)
    written_by: set[str] = field(default_factory=set)
    changed_meanwhile: int = 0
    found: int = 0  # digests of all rows that were re-encrypted and nobody has changed since, as sums
    expected: int = 0
    problems: dict[Any, str] = field(default_factory=dict)

    def note(self, row: Any, reason: object) -> None:
        self.problems[row.pk] = str(reason)

    def lines_of_problems(self) -> Iterator[str]:
        for pk, reason in self.problems.items():
            number = ":".join(map(str, pk)) if isinstance(pk, tuple) else pk
            yield f"{self.place.name}, row {number}: {reason}"


def keys_in_use(place: Place) -> dict[str, int]:
    """Rows by the id of their key."""
    counted = place.rows().order_by().values_list(place.key).annotate(rows=Count("pk"))
    return dict(sorted(counted))


def check_index_keys(before: list[dict[str, int]]) -> None:
    """Equal values are found by the index key; with another one, nothing that is stored would match."""
    used = set().union(*before)
    for key_id in key_ids():
        if key_id in used and not shares_index_key(key_id):
            raise Problem(
                f"FIELD_KEYS: the newest entry {key_ids()[0]} has another index key (third part) than"
                f" {key_id}. Give it the same, or registered ID numbers are no longer recognised."
            )


def opened(place: Place, row: Any) -> bytes:
    """A row's value in clear. Raises Unreadable."""
    key_id = getattr(row, place.key)
    try:
        return decrypt_bytes(place.read(row), key_id=key_id, bound_to=place.bound_to(row))
    except KeyError:
        raise Unreadable(f"its key {key_id} is not among FIELD_KEYS") from None
    except FileNotFoundError:
        raise Unreadable("its file is missing") from None
    except (InvalidTag, ValueError):
        raise Unreadable(f"it does not open under {key_id}: damaged, or moved from another row") from None


class Rotation:
    """One run. Rows that somebody is writing are passed over and tried again, so that nobody waits for more
    than a short transaction and nothing can deadlock."""

    def __init__(self) -> None:
        self.newest = key_ids()[0]
        self.secret = secrets.token_bytes(32)
        self.outcomes = [Outcome(place, keys_in_use(place)) for place in PLACES]
        check_index_keys([outcome.before for outcome in self.outcomes])

    def run(self, outcome: Outcome) -> None:
        """Re-encrypt one place and read all of it again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self._pass(outcome)
            left = outcome.place.rows().exclude(**{outcome.place.key: self.newest})
            if left.count() <= len(outcome.problems) or time.monotonic() > deadline:
                break
            if done:
                deadline = time.monotonic() + PATIENCE
            time.sleep(0.2)
        self._verify(outcome)
        outcome.after = keys_in_use(outcome.place)

    def _pass(self, outcome: Outcome) -> int:
        """Go once over what is not under the newest key; returns how many values were re-encrypted."""
        last, done = None, len(outcome.kept)
        while True:
            try:
                following = self._batch(outcome, last)
            except Damaged:
                continue  # noted; the same batch again without that row
            if following is None:
                return len(outcome.kept) - done
            last = following

    @transaction.atomic
    def _batch(self, outcome: Outcome, last: Any) -> Any:
        """Re-encrypt the next rows in one transaction; returns the last one's key, None at the end."""
        place, clear = outcome.place, {}
        rows = place.rows().exclude(**{place.key: self.newest})
        if last is not None:
            rows = rows.filter(pk__gt=last)
        locked = list(rows.select_for_update(of=("self",), skip_locked=True)[: place.batch])
        with ExitStack() as replaced:
            for row in locked:
                if row.pk in outcome.problems:
                    continue
                try:
                    clear[row.pk] = opened(place, row)
                except Unreadable as reason:
                    outcome.note(row, reason)
                    continue
                sealed = encrypt_bytes(clear[row.pk], bound_to=place.bound_to(row))
                replaced.enter_context(place.replacing(row, *sealed))
            stored = list(place.rows().filter(pk__in=list(clear)))
            self._compare(outcome, stored, clear)
        outcome.kept |= {pk: self._digest(place, pk, value) for pk, value in clear.items()}
        outcome.written_by |= {row.written_by for row in stored}
        return locked[-1].pk if locked else None

    def _compare(self, outcome: Outcome, stored: list[Any], clear: dict[Any, bytes]) -> None:
        """Read back what was just written."""
        for row in stored:
            try:
                same = opened(outcome.place, row) == clear[row.pk]
            except Unreadable:
                same = False
            if not same or getattr(row, outcome.place.key) != self.newest:
                outcome.note(row, "what was stored read back differently; left as it was")
                raise Damaged

    def _verify(self, outcome: Outcome) -> None:
        """Open every value; those that were re-encrypted must be what they were, unless somebody has
        written the row since."""
        place, last = outcome.place, None
        outcome.expected = sum(int.from_bytes(digest) for digest in outcome.kept.values())
        missing = dict(outcome.kept)
        while page := list((place.rows().filter(pk__gt=last) if last else place.rows())[:PAGE]):
            for row in page:
                self._verify_row(outcome, row, missing.pop(row.pk, None))
            last = page[-1].pk
        for digest in missing.values():  # deleted by others; this never deletes
            self._forget(outcome, digest)

    def _verify_row(self, outcome: Outcome, row: Any, before: bytes | None) -> None:
        if row.pk in outcome.problems:
            return
        place, key_id = outcome.place, getattr(row, outcome.place.key)
        try:
            now = self._digest(place, row.pk, opened(place, row))
        except Unreadable as reason:
            if self._is_still(place, row):
                outcome.note(row, reason)
            elif before is not None:
                self._forget(outcome, before)
            return
        if key_id != self.newest:
            why = "in use all the time, or written by a process with old FIELD_KEYS"
            outcome.note(row, f"it is still under {key_id}: {why}")
        if before is None:
            return
        if now == before or row.written_by in outcome.written_by:
            outcome.found += int.from_bytes(now)
        else:
            self._forget(outcome, before)
        if now != before and row.written_by in outcome.written_by:
            outcome.note(row, "its value is not what it was before")

    def _is_still(self, place: Place, row: Any) -> bool:
        """Whether the row stands as it was read; a purge or a discarded import takes it away meanwhile."""
        same = {place.content: getattr(row, place.content), place.key: getattr(row, place.key)}
        return place.rows().filter(pk=row.pk, **same).exists()

    def _forget(self, outcome: Outcome, digest: bytes) -> None:
        outcome.changed_meanwhile += 1
        outcome.expected -= int.from_bytes(digest)

    def _digest(self, place: Place, pk: Any, clear: bytes) -> bytes:
        """Comparable within this run only: the key is drawn for it and forgotten."""
        return hmac_sm3(self.secret, f"{place.name}|{pk}|".encode() + clear)[:16]

    def removable(self) -> list[str]:
        """Old keys under which nothing is left; none while anything is wrong."""
        if any(outcome.problems for outcome in self.outcomes):
            return []
        used = set().union(*(outcome.after for outcome in self.outcomes))
        return [key_id for key_id in key_ids()[1:] if key_id not in used]
