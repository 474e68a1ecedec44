"""Secrecy markings: this system holds no state secrets, so marked text and files are refused."""

import re
import unicodedata

MARKED = "含有密级标志。本系统为非涉密系统，不得录入。"
_LEVEL = r"(?:绝\s*密|机\s*密|秘\s*密)"
_MARK = re.compile(
    rf"{_LEVEL}\s*[★☆✩✭⭐*＊]"
    rf"|[密][ \u3000]*级[ \u3000]*[:：为]?[ \u3000]*[【\[（(]?\s*{_LEVEL}"
    rf"|(?:^|[\s【\[（(〔:：]){_LEVEL}\s*[·•]?\s*(?:\d{{1,2}}|[一二三四五十]+)\s*年"
    rf"|^[\s【\[（(〔]*{_LEVEL}(?:[\s]*(?:文件|材料|级))?[\s】\]）)〕]*$",
    re.MULTILINE,
)


def find_marking(text: str) -> str | None:
    """The secrecy marking that the text bears (绝密★, 密级：秘密, 机密 alone on a line), if any."""
    if "密" not in text:
        return None
    match = _MARK.search(text) or _MARK.search(unicodedata.normalize("NFKC", text))
    return match[0].strip() if match else None
