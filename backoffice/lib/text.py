"""Normal forms of what people type, so that the same thing typed twice is found once."""

import html
import re
import unicodedata


def plain(value: object) -> str:
    """One line of text as a person reads it: entities resolved, tags and control characters gone, spaces single."""
    text = value if isinstance(value, str) else str(value or "")
    if text.isprintable() and "&" not in text and "<" not in text:
        return " ".join(text.split())
    text = html.unescape(text)
    text = re.sub(r"<[^<>]*>", " ", text)
    return re.sub(r"\s+", " ", "".join(c for c in text if c.isprintable() or c.isspace())).strip()


def email_key(value: object) -> str:
    """The form in which two spellings of one mail address are equal: trimmed, lower case."""
    return str(value or "").strip().lower()


def unaccented(value: object) -> str:
    """Lower case without accents: `Côté` and `cote` meet."""
    folded = unicodedata.normalize("NFKD", str(value or "").casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))


def digits(value: object) -> str:
    return re.sub(r"\D", "", str(value or ""))
