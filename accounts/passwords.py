"""Password rules beside Django's own."""

import string

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError


class LengthValidator(MinimumLengthValidator):
    """Django's own, whose message has no Chinese translation in 5.2."""

    def get_error_message(self) -> str:
        return f"密码太短，至少要有 {self.min_length} 个字符。"


class MixedCharactersValidator:
    """At least three of: lower case, upper case, digits, other characters."""

    KINDS = [str.islower, str.isupper, str.isdigit, lambda char: char in string.punctuation]

    def validate(self, password: str, user: object = None) -> None:
        if sum(any(kind(char) for char in password) for kind in self.KINDS) < 3:
            raise ValidationError(self.get_help_text(), code="password_not_mixed")

    def get_help_text(self) -> str:
        return "密码须含大写字母、小写字母、数字、符号中的至少三种。"
