"""What can go wrong with a contact, in words for the user."""

from activities.models import Contact


class StaleContact(Exception):
    """Someone else saved first; `current` is the contact as it stands now."""

    def __init__(self, current: Contact) -> None:
        super().__init__("这条联系记录刚被别人改过。")
        self.current = current
