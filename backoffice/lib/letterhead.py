"""Who a paper comes from: the merchant as every paper prints it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letterhead:
    """`address` is as printed, line by line; `country` (ISO) decides when a customer's country is "abroad"."""

    name: str
    address: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    website: str = ""
    country: str = "CA"
    language: str = "en"

    @property
    def contacts(self) -> tuple[str, ...]:
        return tuple(part for part in (self.phone, self.email, self.website) if part)
