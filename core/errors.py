"""What any app may raise and the middleware answers."""


class Unavailable(Exception):
    """Something without which nothing may be shown or saved does not work; answered with 503, rolled back."""
