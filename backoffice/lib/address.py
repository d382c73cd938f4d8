"""Addresses as a carrier reads them, and what is wrong with one before a parcel comes back (case: C34e)."""

import re
from dataclasses import dataclass
from typing import Protocol

from backoffice.lib.formats import country_name
from backoffice.lib.text import unaccented


class Postal(Protocol):
    """What an address must have to be printed or checked: a record, a model or `PostalAddress`."""

    @property
    def name(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def line1(self) -> str: ...
    @property
    def line2(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def province(self) -> str: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def phone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PostalAddress:
    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""

    @classmethod
    def of(cls, address: Postal) -> "PostalAddress":
        return cls(**{field: getattr(address, field) or "" for field in cls.__slots__})


PROVINCES = {
    "AB": "Alberta",
    "BC": "British Columbia",
    "MB": "Manitoba",
    "NB": "New Brunswick",
    "NL": "Newfoundland and Labrador",
    "NS": "Nova Scotia",
    "NT": "Northwest Territories",
    "NU": "Nunavut",
    "ON": "Ontario",
    "PE": "Prince Edward Island",
    "QC": "Quebec",
    "SK": "Saskatchewan",
    "YT": "Yukon",
}
FRENCH_PROVINCES = {
    "colombie-britannique": "BC",
    "nouveau-brunswick": "NB",
    "terre-neuve-et-labrador": "NL",
    "nouvelle-ecosse": "NS",
    "territoires du nord-ouest": "NT",
    "ile-du-prince-edouard": "PE",
}
PROVINCE_CODES = {unaccented(name): code for code, name in PROVINCES.items()} | FRENCH_PROVINCES

# Canada Post's first letter of a postal code and the provinces that it may stand for. D, F, I, O, Q and U are never used.
FIRST_LETTERS = {
    "A": ("NL",),
    "B": ("NS",),
    "C": ("PE",),
    "E": ("NB",),
    **dict.fromkeys("GHJ", ("QC",)),
    **dict.fromkeys("KLMNP", ("ON",)),
    "R": ("MB",),
    "S": ("SK",),
    "T": ("AB",),
    "V": ("BC",),
    "X": ("NT", "NU"),
    "Y": ("YT",),
}
CANADIAN_CODE = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d")
LETTERS_FOR_DIGITS = str.maketrans("OILSB", "01158")

STATES = frozenset(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI "
    "SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP AA AE AP".split()
)
ZIP = re.compile(r"\d{5}(-?\d{4})?")

CODE_BEFORE_CITY = frozenset("AT BE CH CZ DE DK ES FI FR GR HR HU IT LU NL NO PL PT RO SE SI SK".split())
CODE_ON_ITS_OWN_LINE = frozenset("GB IE".split())


def province_code(province: str, country: str) -> str:
    """`Ontario`, `ontario` and `on` are ON; outside Canada as it came."""
    text = province.strip()
    if country.upper() != "CA":
        return text.upper() if len(text) == 2 else text
    return PROVINCE_CODES.get(unaccented(text), text.upper() if len(text) == 2 else text)


def postal_code(code: str, country: str) -> str:
    """`k1a0b1` as Canada Post writes it, K1A 0B1; what is no Canadian code stays as it came."""
    text = code.strip().upper()
    squeezed = re.sub(r"[\s-]", "", text)
    if country.upper() == "CA" and len(squeezed) == 6:
        return f"{squeezed[:3]} {squeezed[3:]}"
    return text


def _unbroken(code: str) -> str:
    """Its space holds: a code over two lines is no code."""
    return code.replace(" ", "\u00a0")


def printed(address: Postal, *, home: str = "CA", language: str = "en", phone: bool = False) -> tuple[str, ...]:
    """The lines of an address, empty ones left out.

    The country stands last, in capitals and in the sender's language, only where it is not the sender's own: that line is
    read by the sender's post, all others by the receiver's. The space within a postal code is one that does not break.
    """
    country = address.country.strip().upper()
    lines = [address.name, address.company, address.line1, address.line2, *_town(address, country)]
    if country and country != home.upper():
        lines.append(country_name(country, language).upper())
    if phone:
        lines.append(address.phone)
    cleaned = [" ".join(line.split(" ")).strip() for line in lines]
    return tuple(line for index, line in enumerate(cleaned) if line and (index != 1 or line != cleaned[0]))


def _town(address: Postal, country: str) -> tuple[str, ...]:
    city = address.city.strip()
    province = province_code(address.province, country)
    code = _unbroken(postal_code(address.postal_code, country))
    if country in CODE_BEFORE_CITY:
        return (f"{code} {city}".strip(), province if len(province) > 2 else "")
    if country in CODE_ON_ITS_OWN_LINE:
        return (" ".join(filter(None, (city, province))), code)
    town = " ".join(filter(None, (city, province)))
    return ("  ".join(filter(None, (town, code))),)


def problems(address: Postal) -> list[tuple[str, str]]:
    """(field, whole sentence that says what to do) for each reason why a parcel may not arrive; empty when none is seen."""
    found = []
    country = address.country.strip().upper()
    if not (address.name.strip() or address.company.strip()):
        found.append(("name", "The address has neither a name nor a company. Ask the customer whom the parcel is for."))
    if not address.line1.strip() and not address.line2.strip():
        found.append(("line1", "The address has no street or post office box. Ask the customer for it."))
    if not address.city.strip():
        found.append(("city", "The address has no city. Ask the customer for it."))
    if not country:
        found.append(("country", "The address has no country. Choose one."))
    elif country == "CA":
        found += _canadian(address)
    elif country == "US":
        found += _american(address)
    return found


def _canadian(address: Postal) -> list[tuple[str, str]]:
    found = []
    province = province_code(address.province, "CA")
    if not province:
        found.append(("province", "The address has no province. Choose one."))
    elif province not in PROVINCES:
        found.append(("province", f"{address.province.strip()!r} is not a Canadian province. Choose one."))
    typed = address.postal_code.strip()
    code = re.sub(r"[\s-]", "", typed).upper()
    if not code:
        found.append(("postal_code", "The address has no postal code. Ask the customer for it."))
    elif not CANADIAN_CODE.fullmatch(code):
        found.append(("postal_code", _code_sentence(typed, code)))
    elif province in PROVINCES and province not in FIRST_LETTERS[code[0]]:
        places = " or ".join(PROVINCES[place] for place in FIRST_LETTERS[code[0]])
        found.append(
            (
                "postal_code",
                f"The postal code {postal_code(code, 'CA')} is in {places}, but the address says {PROVINCES[province]}. "
                "Correct one of the two.",
            )
        )
    return found


def _code_sentence(typed: str, code: str) -> str:
    if len(code) == 6:
        mended = "".join(char.translate(LETTERS_FOR_DIGITS) if place % 2 else char for place, char in enumerate(code))
        if CANADIAN_CODE.fullmatch(mended):
            letter = next(char for place, char in enumerate(code) if place % 2 and not char.isdigit())
            digit = letter.translate(LETTERS_FOR_DIGITS)
            return (
                f"The postal code {typed} has the letter {letter} where the digit {digit} belongs: "
                f"probably {postal_code(mended, 'CA')}. Correct it."
            )
    return f"{typed!r} is not a Canadian postal code; one looks like K1A 0B1. Correct it."


def _american(address: Postal) -> list[tuple[str, str]]:
    found = []
    state = address.province.strip().upper()
    if not state:
        found.append(("province", "The address has no state. Choose one."))
    elif len(state) == 2 and state not in STATES:
        found.append(("province", f"{state!r} is not a state of the United States. Choose one."))
    code = address.postal_code.strip()
    if not code:
        found.append(("postal_code", "The address has no ZIP code. Ask the customer for it."))
    elif not ZIP.fullmatch(code):
        found.append(("postal_code", f"{code!r} is not a ZIP code; one looks like 10001 or 10001-1234. Correct it."))
    return found
