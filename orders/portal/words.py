"""What the customer's page says, in English and in French."""

from typing import Any

from orders.models import Order

State = Order.State

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "Order {number}",
        "placed": "Placed on {day}",
        "other": "Français",
        "other_language": "fr",
        "items": "What you ordered",
        "ordered": "Ordered: {count}",
        "sent": "Sent: {count}",
        "prepared": "Being prepared: {count}",
        "cancelled": "Cancelled: {count}",
        "returned": "Returned: {count}",
        "backorder": "On backorder: {count}, {promise}",
        "to_come": "To come: {count}, {promise}",
        "tell_me": "Tell me when it is back",
        "told": "You get one e-mail when it is back in stock.",
        "to_your_address": "The e-mail goes to the address of this order.",
        "parcels": "Parcels",
        "parcel": "Parcel {number}, shipped on {day}",
        "carrier": "Carrier: {name}",
        "tracking": "Tracking number: {number}",
        "follow": "Follow the parcel",
        "invoice": "Invoice",
        "invoice_pdf": "Invoice {number} of {day} (PDF)",
        "invoice_file": "invoice-{number}.pdf",
        "empty": "There is nothing in this order.",
        "private": "Whoever has the link of this page can see it: do not pass it on.",
        "questions": "Any questions? Write to us:",
        "states": {
            State.HELD: "We are looking at your order and will get back to you if we need something.",
            State.UNPAID: "We are waiting for your payment.",
            State.TO_PACK: "We are preparing your order.",
            State.PARTLY_TO_PACK: "We are preparing a part of your order; the rest is on backorder.",
            State.BACKORDER: "Your order is on backorder: it is shipped as soon as the goods come.",
            State.PACKED: "Your order is packed and about to be shipped.",
            State.SHIPPED: "Everything has been shipped.",
            State.DONE: "Your order is done; nothing of it had to be shipped.",
            State.PARTLY_SHIPPED: "A part has been shipped; the rest is on backorder.",
            State.ELSEWHERE: "The store where you bought ships your order; ask there where it is.",
            State.CANCELLED: "Your order is cancelled.",
            State.HISTORY: "This is an order of before; ask the store where you bought about it.",
        },
    },
    "fr": {
        "title": "Commande {number}",
        "placed": "Passée le {day}",
        "other": "English",
        "other_language": "en",
        "items": "Ce que vous avez commandé",
        "ordered": "Commandé\u00a0: {count}",
        "sent": "Expédié\u00a0: {count}",
        "prepared": "En préparation\u00a0: {count}",
        "cancelled": "Annulé\u00a0: {count}",
        "returned": "Retourné\u00a0: {count}",
        "backorder": "En attente\u00a0: {count}, {promise}",
        "to_come": "À venir\u00a0: {count}, {promise}",
        "tell_me": "Avertissez-moi de son retour",
        "told": "Vous recevrez un seul courriel quand l’article sera de nouveau en stock.",
        "to_your_address": "Le courriel est envoyé à l’adresse de cette commande.",
        "parcels": "Colis",
        "parcel": "Colis {number}, expédié le {day}",
        "carrier": "Transporteur\u00a0: {name}",
        "tracking": "Numéro de suivi\u00a0: {number}",
        "follow": "Suivre le colis",
        "invoice": "Facture",
        "invoice_pdf": "Facture {number} du {day} (PDF)",
        "invoice_file": "facture-{number}.pdf",
        "empty": "Cette commande est vide.",
        "private": "Quiconque a le lien de cette page peut la voir: ne le transmettez pas.",
        "questions": "Une question? Écrivez-nous\u00a0:",
        "states": {
            State.HELD: "Nous examinons votre commande et vous écrirons s’il nous manque quelque chose.",
            State.UNPAID: "Nous attendons votre paiement.",
            State.TO_PACK: "Nous préparons votre commande.",
            State.PARTLY_TO_PACK: "Nous préparons une partie de votre commande; le reste est en attente.",
            State.BACKORDER: "Votre commande est en attente: elle sera expédiée dès l’arrivée des articles.",
            State.PACKED: "Votre commande est emballée et sera expédiée sous peu.",
            State.SHIPPED: "Tout a été expédié.",
            State.DONE: "Votre commande est terminée; rien n’était à expédier.",
            State.PARTLY_SHIPPED: "Une partie a été expédiée; le reste est en attente.",
            State.ELSEWHERE: "La boutique où vous avez acheté expédie votre commande; demandez-lui où elle est.",
            State.CANCELLED: "Votre commande est annulée.",
            State.HISTORY: "C’est une commande d’avant; renseignez-vous à la boutique où vous avez acheté.",
        },
    },
}

GONE = {
    "en": {
        "title": "This link does not open an order",
        "lead": "A link to an order opens it for a while only. Take the newest e-mail about your order: the link in it is fresh.",
        "otherwise": "If it does not help, ask us for a new one, and say the number of your order.",
    },
    "fr": {
        "title": "Ce lien n’ouvre aucune commande",
        "lead": "Un lien vers une commande ne l’ouvre que pour un temps. Prenez le plus récent courriel sur votre commande: "
        "son lien est valable.",
        "otherwise": "Sinon, demandez-nous un nouveau lien en indiquant le numéro de votre commande.",
    },
}
"""Said alike of a link that is unknown, damaged, expired or void: whoever tries links learns nothing."""
