"""The customer is told that a parcel left: what is in it, how to follow it, what is still to come (rule: P6)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from backoffice.lib.formats import day, number
from backoffice.lib.letterhead import Letterhead
from backoffice.sync.deliveries import Result
from backoffice.sync.models import Connection, Delivery
from inventory.promise import Promise
from orders import mail, merchant, promise_words, promises
from orders.mail import Letter, Post
from orders.models import Merchant, OrderLine
from orders.portal import links
from shipping.inside import units_inside
from shipping.models import Shipment

WORDS = {
    "en": {
        "colon": ":",
        "whole": "Your order {order} is on its way",
        "part": "Part of your order {order} is on its way",
        "rest": "The rest of your order {order} is on its way",
        "corrected": "New tracking details for your order {order}",
        "subject": "{heading} – {merchant}",
        "hello": "Hello {name},",
        "hello_alone": "Hello,",
        "shipped": "Parcel {parcel} was shipped on {day}.",
        "tracking_changed": "The tracking details of parcel {parcel}, shipped on {day}, have changed. These are the ones to use.",
        "carrier": "Carrier:",
        "number": "Tracking number:",
        "follow": "Follow the parcel",
        "inside": "In this parcel",
        "to_come": "Still to come",
        "see_order": "See your order",
        "will_follow": "What is still to come follows as soon as it can; you get an e-mail for each parcel.",
        "closing": "Any questions? Simply reply to this e-mail.",
    },
    "fr": {
        "colon": "\u00a0:",
        "whole": "Votre commande {order} est en route",
        "part": "Une partie de votre commande {order} est en route",
        "rest": "Le reste de votre commande {order} est en route",
        "corrected": "Nouvelles données de suivi pour votre commande {order}",
        "subject": "{heading} – {merchant}",
        "hello": "Bonjour {name},",
        "hello_alone": "Bonjour,",
        "shipped": "Le colis {parcel} a été expédié le {day}.",
        "tracking_changed": "Les données de suivi du colis {parcel}, expédié le {day}, ont changé. Voici celles à utiliser.",
        "carrier": "Transporteur\u00a0:",
        "number": "Numéro de suivi\u00a0:",
        "follow": "Suivre le colis",
        "inside": "Dans ce colis",
        "to_come": "À venir",
        "see_order": "Voir votre commande",
        "will_follow": "Le reste suivra dès que possible; vous recevrez un courriel pour chaque colis.",
        "closing": "Une question? Répondez simplement à ce courriel.",
    },
}


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    notes: str
    quantity: str


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail the news of these parcels, in a constant number of statements."""
    results: list[Result] = []
    posts: list[Post] = []
    shipments = Shipment.objects.select_related("order__customer").in_bulk([delivery.object_id for delivery in batch])
    packed = units_inside(shipments)
    lines = OrderLine.objects.in_bulk({line for of_parcel in packed.values() for line in of_parcel})
    inside = {pk: {lines[line]: units for line, units in of_parcel.items()} for pk, of_parcel in packed.items()}
    to_come: dict[int, dict[OrderLine, int]] = defaultdict(dict)
    waiting = OrderLine.objects.filter(
        order__in={shipment.order_id for shipment in shipments.values()},
        needs_shipping=True,
        ordered__gt=F("cancelled") + F("shipped"),
    )
    for line in waiting.order_by("position"):
        to_come[line.order_id][line] = line.ordered - line.cancelled - line.shipped
    left: dict[int, list[datetime]] = defaultdict(list)
    for order_id, at in Shipment.objects.filter(
        order__in={shipment.order_id for shipment in shipments.values()}, shipped_at__isnull=False
    ).values_list("order_id", "shipped_at"):
        if at is not None:
            left[order_id].append(at)
    seller = merchant.current()
    told = promises.for_lines([line.pk for lines in to_come.values() for line in lines if line.backordered > 0])
    for delivery in batch:
        shipment = shipments.get(delivery.object_id)
        if already := mail.mailed_already(delivery):
            results.append(already)
        elif shipment is None or shipment.state != Shipment.State.SHIPPED:
            results.append(
                Result(delivery.pk, "Nothing to mail: this parcel has not been shipped.", known=delivery.known)
            )
        elif not (to := shipment.order.mail_to):
            results.append(Result(delivery.pk, "Not mailed: the customer has no mail address.", known=delivery.known))
        else:
            posts.append(
                Post(
                    delivery,
                    letter(
                        shipment,
                        seller,
                        inside.get(shipment.pk, {}),
                        to_come[shipment.order_id],
                        told,
                        follows=min(left[shipment.order_id]) < (shipment.shipped_at or shipment.packed_at),
                        corrected=_corrected(delivery, shipment),
                        version=delivery.claimed_version,
                    ),
                    shipment.order_id,
                    f"News of parcel {shipment.number} mailed to {to}.",
                    {"parcel": shipment.number, "tracking": _tracking(shipment)},
                )
            )
    return results + mail.deliver(posts, seller) if posts else results


def _tracking(shipment: Shipment) -> list[str]:
    return [shipment.carrier, shipment.tracking_number, shipment.tracking_url]


def _corrected(delivery: Delivery, shipment: Shipment) -> bool:
    """Whether the customer was told another number before."""
    told = (delivery.known or {}).get("tracking")
    return told is not None and told != _tracking(shipment)


def letter(
    shipment: Shipment,
    seller: Merchant,
    inside: dict[OrderLine, int],
    to_come: dict[OrderLine, int],
    told: Mapping[int, Promise],
    *,
    follows: bool,
    corrected: bool,
    version: int,
) -> Letter:
    """The mail of one parcel, in the order's language (case: C21: each with its own items).

    `follows` says that another parcel of the order went before.
    """
    order = shipment.order
    language = order.language
    words = WORDS[language]
    name = order.customer.name
    shown = order.external_number or order.number
    head = merchant.letterhead(seller)
    if corrected:
        kind = "corrected"
    elif to_come:
        kind = "part"
    else:
        kind = "rest" if follows else "whole"
    heading = words[kind].format(order=shown)
    subject = words["subject"].format(heading=heading, merchant=head.name)
    shipped_on = day(merchant.local_day(shipment.shipped_at or shipment.packed_at, seller), language)
    text, html = mail.rendered(
        "shipment",
        {
            **_frame(words, head, language, name),
            "subject": subject,
            "heading": heading,
            "intro": words["tracking_changed" if corrected else "shipped"].format(
                parcel=shipment.number, day=shipped_on
            ),
            "carrier": shipment.carrier,
            "number": shipment.tracking_number,
            "url": shipment.tracking_url if shipment.tracking_url.startswith(("https://", "http://")) else "",
            "inside": _items(inside, language),
            "to_come": _items(to_come, language, told),
            "order_url": links.url(order),
        },
    )
    return Letter(
        to=order.mail_to,
        name=name,
        subject=subject,
        text=text,
        html=html,
        language=language,
        key=f"parcel-{shipment.number}.{version}",
    )


def _frame(words: dict[str, str], head: Letterhead, language: str, name: str) -> dict[str, Any]:
    return {
        "language": language,
        "words": words,
        "merchant": head,
        "greeting": words["hello"].format(name=name) if name else words["hello_alone"],
        "closing": words["closing"] if head.email else "",
    }


def _items(quantities: dict[OrderLine, int], language: str, told: Mapping[int, Promise] | None = None) -> list[Item]:
    """`told` is of when each line comes, by line; what waits for nothing has no word of it."""
    said = {line: promise_words.phrase(promise, language) for line, promise in (told or {}).items()}
    return [
        Item(
            line.name,
            " · ".join(filter(None, (line.variation, line.sku, said.get(line.pk, "")))),
            number(units, language),
        )
        for line, units in quantities.items()
    ]
