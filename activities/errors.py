"""What can go wrong with an act on an activity, in words for the user."""

from activities.models import Contact


class StaleContact(Exception):
    """Someone else saved first; `current` is the contact as it stands now."""

    def __init__(self, current: Contact) -> None:
        super().__init__("这条联系记录刚被别人改过。")
        self.current = current


class AlreadyChanged(Exception):
    """Somebody else has saved or decided on a gathering first; the page shows how it stands now."""
