"""What can go wrong with a change, in words for the user."""

from django.core.exceptions import ValidationError

from experts.models import Expert


class StaleSave(Exception):
    """Someone else saved first; `current` is the record as it stands now."""

    def __init__(self, current: Expert) -> None:
        super().__init__("这条记录刚被别人改过。")
        self.current = current


class NotAllowed(ValidationError):
    """The change would leave the record outside what the user may change."""


class AlreadyDecided(Exception):
    """Somebody else has acted on the proposal first; the message says where it stands."""


class Busy(AlreadyDecided):
    """A worker is at the proposal; nothing else may be done to it until that has ended."""
