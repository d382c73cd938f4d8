"""Who placed an order: known by the store's number, then by e-mail, never by name alone (rule: O9)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.lib.bulk import copy_in, draft, give_ids
from backoffice.lib.text import digits, email_key
from backoffice.sync.models import Connection
from orders.models import Address, Customer, CustomerIdentity, Order, search_form
from orders.records import AddressRecord, CustomerRecord, OrderRecord


@dataclass(frozen=True, slots=True)
class Party:
    """Whose order it is and where it goes."""

    customer: Customer
    billing: Address
    shipping: Address


def match(connection: Connection, records: Sequence[OrderRecord], *, nameless: Sequence[Customer] = ()) -> list[Party]:
    """The customer and addresses of each record, made where new; a constant number of statements.

    A guest without e-mail is a customer of their own each time, for nothing would tell two of them apart; of orders
    that are known already, `nameless` says by position whose they are.
    """
    customers = _customers(connection, records, nameless)
    wanted: list[tuple[Customer, AddressRecord]] = []
    for customer, record in zip(customers, records, strict=True):
        wanted += [(customer, record.billing), (customer, record.shipping)]
    addresses = _addresses(wanted)
    return [Party(customer, addresses[2 * index], addresses[2 * index + 1]) for index, customer in enumerate(customers)]


def language_of(record: OrderRecord, connection: Connection) -> str:
    """The language to write in: the store's word for it, else French in Quebec, else the connection's."""
    if said := said_language(record):
        return said
    country, province = record.shipping.country or record.billing.country, record.shipping.province
    if (country, province or record.billing.province) == ("CA", "QC"):
        return "fr"
    return "fr" if connection.language.startswith("fr") else "en"


def said_language(record: OrderRecord) -> str:
    """The store's own word for an order's language, empty where it has none that is spoken here.

    Where it has none, a known customer's own language is surer than where a parcel goes: it may be a present.
    """
    said = record.customer.language[:2].lower()
    return said if said in ("en", "fr") else ""


def email_corrected(customer: Customer, former: str) -> None:
    """A person corrected a customer's address: orders placed with the wrong one are mailed to the right one too."""
    if former and former != customer.email:
        Order.objects.filter(customer=customer, email__in={former, former.strip()}).update(email=customer.email)


def _customers(connection: Connection, records: Sequence[OrderRecord], nameless: Sequence[Customer]) -> list[Customer]:
    numbers = {r.customer.external_id for r in records if r.customer.external_id}
    keys = {key for r in records if (key := email_key(r.customer.email))}
    identities = (
        CustomerIdentity.objects.filter(connection=connection, external_id__in=numbers).select_related("customer")
        if numbers
        else ()
    )
    by_number = {identity.external_id: identity.customer for identity in identities}
    by_email = {c.email_key: c for c in Customer.objects.filter(email_key__in=keys)} if keys else {}
    chosen: list[Customer] = []
    new: list[Customer] = []
    met: dict[str, Customer] = {}
    moved: dict[int, Customer] = {}
    for position, record in enumerate(records):
        who, key = record.customer, email_key(record.customer.email)
        customer = by_number.get(who.external_id) or by_email.get(key)
        if nameless and not key and not who.external_id:
            customer = nameless[position]
        if customer is None:
            customer = _new_customer(record, language_of(record, connection))
            new.append(customer)
            if key:
                by_email[key] = customer
        elif key and not nameless and customer.pk and key != customer.email_key and key not in by_email:
            # A new order of a customer known by number: the newest address is theirs, unless it is somebody else's. An
            # order that is known already does not say it: an old one that is edited has its old address.
            by_email.pop(customer.email_key or "", None)
            customer.email, customer.email_key = who.email.strip()[:254], key[:254]
            by_email[key] = moved[customer.pk] = customer
        if who.external_id and who.external_id not in by_number:
            met[who.external_id] = by_number[who.external_id] = customer
        chosen.append(customer)
    # Another process may be first with an e-mail; then the whole batch fails on it and is worked once more.
    if moved:
        Customer.objects.bulk_update(moved.values(), ["email", "email_key"])
    give_ids(new)
    copy_in(new, with_ids=True)
    copy_in(
        [
            draft(CustomerIdentity, connection_id=connection.pk, external_id=number, customer_id=customer.pk)
            for number, customer in met.items()
        ]
    )
    return chosen


def _new_customer(record: OrderRecord, language: str) -> Customer:
    who: CustomerRecord = record.customer
    name = who.name or record.billing.name or record.shipping.name
    company = who.company or record.billing.company
    phone = who.phone or record.billing.phone or record.shipping.phone
    return draft(
        Customer,
        name=name[:250],
        search_name=search_form(name, company),
        company=company[:250],
        email=who.email.strip()[:254],
        email_key=email_key(who.email)[:254] or None,
        phone=phone[:40],
        phone_digits=digits(phone)[:40],
        language=language,
    )


def _address(customer: Customer, record: AddressRecord) -> Address:
    parts = (
        record.name[:250], record.company[:250], record.line1[:250], record.line2[:250], record.city[:120],
        record.province[:60], record.postal_code[:20], record.country[:2], record.phone[:40],
    )  # fmt: skip
    name, company, line1, line2, city, province, postal_code, country, phone = parts
    return draft(
        Address,
        customer_id=customer.pk,
        digest=hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest(),
        name=name, company=company, line1=line1, line2=line2, city=city, province=province,
        postal_code=postal_code, postal_key=postal_key(postal_code), country=country, phone=phone,
        search_name=search_form(name, company), phone_digits=digits(phone)[:40],
    )  # fmt: skip


def postal_key(value: str) -> str:
    """The form in which two spellings of a postal code are equal: `m5v 2t6` and `M5V2T6`."""
    return "".join(c for c in value.upper() if c.isalnum())


def _addresses(wanted: Sequence[tuple[Customer, AddressRecord]]) -> list[Address]:
    drafts = [_address(customer, record) for customer, record in wanted]
    # Who was not known a moment ago has no address yet.
    met_before = {customer.pk for customer, _ in wanted if not customer._state.adding}
    known = (
        Address.objects.filter(customer_id__in=met_before, digest__in={d.digest for d in drafts}) if met_before else ()
    )
    by_key = {(a.customer_id, a.digest): a for a in known}
    new: dict[tuple[int, str], Address] = {}
    for one in drafts:
        key = (one.customer_id, one.digest)
        if key not in by_key:
            by_key[key] = new[key] = one
    give_ids(list(new.values()))
    copy_in(list(new.values()), with_ids=True)
    return [by_key[one.customer_id, one.digest] for one in drafts]
