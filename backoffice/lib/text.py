"""Normal forms of what people type, so that the same thing typed twice is found once."""

import html
import re
import unicodedata

# Zero-width non-joiner and joiner: part of the spelling in Persian and in Indian scripts.
JOINERS = "\u200c\u200d"


def clean(text: str) -> str:
    """The text without what no person wrote and no database keeps: control characters, NUL, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(
        c
        for at, c in enumerate(text)
        if c.isprintable() or c.isspace() or (c in JOINERS and _between_letters(text, at))
    )


def _between_letters(text: str, at: int) -> bool:
    around = text[at - 1 : at] + text[at + 1 : at + 2]
    return len(around) == 2 and all(unicodedata.category(c)[0] in "LM" for c in around)


def plain(value: object) -> str:
    """One line of text as a person reads it: entities resolved, tags and control characters gone, spaces single."""
    text = value if isinstance(value, str) else str(value or "")
    if text.isprintable() and "&" not in text and "<" not in text:
        return " ".join(text.split())
    text = html.unescape(text)
    text = re.sub(r"<[^<>]*>", " ", text)
    return re.sub(r"\s+", " ", clean(text)).strip()


def email_key(value: object) -> str:
    """The form in which two spellings of one mail address are equal: trimmed, lower case."""
    return str(value or "").strip().lower()


def unaccented(value: object) -> str:
    """Lower case without accents: `Côté` and `cote` meet."""
    folded = unicodedata.normalize("NFKD", str(value or "").casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))


def digits(value: object) -> str:
    return re.sub(r"\D", "", str(value or ""))
