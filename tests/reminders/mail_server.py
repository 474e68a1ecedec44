"""A real SMTP server for the tests of letters. It keeps what it takes, and refuses whom it is told to."""

import email
import email.policy
from contextlib import contextmanager

from aiosmtpd.controller import Controller

from tests import product


class Post:
    """What came in; recipients in `refused` are answered with that reply."""

    def __init__(self):
        self.mails, self.refused, self.reply = [], {}, None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.reply:
            return self.reply
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def to(self, address):
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def mail_server(settings):
    """The product's letters go to this server inside."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=product.free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    settings.DEFAULT_FROM_EMAIL = "专家联系 <liaison@example.org>"
    settings.SITE_URL = "https://liaison.example.org"
    try:
        yield post
    finally:
        controller.stop()
