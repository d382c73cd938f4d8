"""A promise in words, English and French: the days for customers, and the reason behind them for staff (rule: S10)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backoffice.lib.formats import day, days
from inventory.promise import Promise
from orders.models import LinePromise

WORDS = {
    "en": {
        "from_to": "expected to ship {days}",
        "on": "expected to ship {days}",
        "unknown": "date not known yet",
        "in_stock": "in stock",
        "purchase_order": "purchase order {number}, expected {on}",
        "purchase_order_late": "purchase order {number} was expected {was} and is {late} late; no new day is confirmed",
        "transfer": "transfer {number} between warehouses, expected {on}",
        "transfer_late": "transfer {number} between warehouses was expected {was} and is {late} late; no new day is said",
        "nothing": "nothing is on order",
        "taken": "all that is on order goes to earlier orders",
        "short": "less is there and on order than is wanted",
        "elsewhere": "what is on order comes to a warehouse that does not serve this store",
        "apart": "what there is lies in several warehouses, and a parcel is packed in one: transfer it",
        "lead_time": "{start}; {supplier} delivers within {days} working days",
        "lead_time_one": "{start}; {supplier} delivers within a working day",
        "no_supplier": "{start}, and no supplier is known",
        "no_lead_time": "{start}, and the lead time of {supplier} is not known",
        "undated": "{number} is on its way, and nobody has said when it comes",
        "late": "{late} working days",
        "late_one": "1 working day",
        "no_product": "it is not known which product this is",
        "component": "{component}: {reason}",
    },
    "fr": {
        "from_to": "expédition prévue du {days}",
        "on": "expédition prévue le {days}",
        "unknown": "date pas encore connue",
        "in_stock": "en stock",
        "purchase_order": "bon de commande {number}, attendu le {on}",
        "purchase_order_late": "le bon de commande {number}, attendu le {was}, a {late} de retard; aucune date confirmée",
        "transfer": "transfert {number} entre entrepôts, attendu le {on}",
        "transfer_late": "le transfert {number} entre entrepôts, attendu le {was}, a {late} de retard; aucune date annoncée",
        "nothing": "rien n’est commandé",
        "taken": "tout ce qui est commandé va aux commandes précédentes",
        "short": "il y a moins en stock et en commande que demandé",
        "elsewhere": "ce qui est commandé arrive dans un entrepôt qui ne sert pas cette boutique",
        "apart": "ce qu’il y a se trouve dans plusieurs entrepôts, et un colis part d’un seul\u00a0: à transférer",
        "lead_time": "{start}; {supplier} livre en {days} jours ouvrables",
        "lead_time_one": "{start}; {supplier} livre en un jour ouvrable",
        "no_supplier": "{start}, et aucun fournisseur n’est connu",
        "no_lead_time": "{start}, et le délai de {supplier} n’est pas connu",
        "undated": "{number} est en route, sans date annoncée",
        "late": "{late} jours ouvrables",
        "late_one": "1 jour ouvrable",
        "no_product": "on ne sait pas de quel produit il s’agit",
        "component": "{component}\u00a0: {reason}",
    },
}


def span(promise: Promise | LinePromise, language: str) -> str:
    """The days alone: `December 3–7, 2026`; that they are not known, where they are not."""
    if promise.earliest is None or promise.latest is None:
        return WORDS[language]["unknown"]
    return days(promise.earliest, promise.latest, language)


def phrase(promise: Promise | LinePromise, language: str) -> str:
    """For the customer: `expected to ship December 3–7, 2026`."""
    words = WORDS[language]
    if promise.earliest is None or promise.latest is None:
        return words["unknown"]
    which = "on" if promise.earliest == promise.latest else "from_to"
    return words[which].format(days=days(promise.earliest, promise.latest, language))


def reason(promise: Promise | LinePromise, language: str) -> str:
    """Why, for staff: `purchase order 41, expected December 3, 2026`. Suppliers are not named to customers."""
    return _reason(promise.kind, promise.details, language)


def _reason(kind: str, details: Mapping[str, Any], language: str) -> str:
    words = WORDS[language]
    said = {
        **details,
        **{name: day(date.fromisoformat(details[name]), language) for name in ("on", "was") if name in details},
    }
    start = details.get("start") or ("taken" if details.get("taken") else "nothing")
    said["start"] = words[start].format(**said)
    key = details.get("why", "no_supplier") if kind == "unknown" else kind
    if "was" in details:
        key += "_late"
        # What was recorded before lateness was kept has none; a weekend late is no working day late.
        late = details.get("late") or 1
        said["late"] = words["late_one" if late == 1 else "late"].format(late=late)
    if details.get("days") in (0, 1):
        key += "_one"
    sentence = words[key].format(**said)
    return words["component"].format(component=said["component"], reason=sentence) if "component" in said else sentence
