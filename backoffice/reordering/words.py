"""The order list in words: each line's arithmetic with its figures, so that nobody has to believe it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.reordering.gathered import Short
from backoffice.reordering.needs import Line
from inventory.models import OrderListLine
from inventory.reorder import DAYS_A_WEEK, quantile


def plain(value: Decimal | float, digits: int = 2) -> str:
    """A figure without idle zeros: 3, 2.58, 0.5."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def kind(line: Line) -> str:
    return str(OrderListLine.Kind(line.kind).label)


def projected(line: Line) -> str:
    """12 on hand − 5 allocated − 0 on backorder + 8 on order = 15."""
    sums = _("%(on_hand)d on hand − %(allocated)d allocated − %(backordered)d on backorder + %(on_order)d on order") % {
        "on_hand": line.on_hand,
        "allocated": line.allocated,
        "backordered": line.backordered,
        "on_order": line.on_order,
    }
    if line.in_transit:
        sums += " " + _("+ %(units)d on the way from another warehouse") % {"units": line.in_transit}
    return f"{sums} = {_signed(line.projected)}"


def _signed(number: int) -> str:
    return str(number).replace("-", "−")


def _reason(line: Line) -> str:
    point, target, now = line.point, line.target, _signed(line.projected)
    if line.kind == OrderListLine.Kind.LIMIT:
        return _("%(now)s is at or below the limit of %(point)d: it is ordered up to %(target)d.") % {
            "now": now,
            "point": point,
            "target": target,
        }
    if line.kind == OrderListLine.Kind.DEMAND:
        return _(
            "Nobody has set a limit. %(now)s is at or below the %(point)d that the demand suggests: it is ordered up to "
            "%(target)d."
        ) % {"now": now, "point": point, "target": target}
    if line.kind == OrderListLine.Kind.WAITING:
        return _("Nobody has set a limit and the demand suggests none: what customers wait for is ordered.")
    return _("It was sold, and nobody has set a limit.")


def _how_many(line: Line) -> str:
    if line.target is None:
        return ""
    lacking = line.target - line.projected
    below = _signed(line.projected) if line.projected >= 0 else f"({_signed(line.projected)})"
    sums = _("%(target)d − %(projected)s = %(lacking)d are missing") % {
        "target": line.target,
        "projected": below,
        "lacking": lacking,
    }
    if line.in_draft:
        sums += ", " + _("%(units)d of them stand on draft purchase orders: %(left)d") % {
            "units": min(line.in_draft, lacking),
            "left": max(lacking - line.in_draft, 0),
        }
    if line.quantity != max(lacking - line.in_draft, 0):
        terms = [_("in packs of %(pack)d") % {"pack": line.pack}] if line.pack > 1 else []
        terms += [_("at least %(minimum)d") % {"minimum": line.minimum}] if line.minimum else []
        sums += "; " + _("%(terms)s that is %(quantity)d") % {"terms": ", ".join(terms), "quantity": line.quantity}
    return f"{sums}."


def suggestion(line: Line, service_level: Decimal) -> str:
    """The formula with its figures, or why there is none."""
    if line.mean is None:
        return _("No suggestion: nothing of it was sold in the last complete weeks.")
    demand = ngettext(
        "Sold: %(mean)s a week, over %(weeks)d week up to %(day)s.",
        "Sold: %(mean)s a week with a deviation of %(deviation)s, over %(weeks)d weeks up to %(day)s.",
        line.weeks or 0,
    ) % {
        "mean": plain(line.mean),
        "deviation": plain(line.deviation or 0),
        "weeks": line.weeks,
        "day": date_format(line.until - timedelta(days=1), "j F Y") if line.until else "",
    }
    if line.lead_days is None:
        return f"{demand} {_no_lead_time(line)}"
    if line.deviation is None or line.suggested_point is None or line.suggested_target is None:
        return f"{demand} " + _("No suggestion: how much the demand varies is seen after two weeks.")
    z, lead = quantile(service_level), line.lead_days / DAYS_A_WEEK
    exact = float(line.mean) * lead + z * float(line.deviation) * lead**0.5
    formula = _(
        "Lead time %(days)d working days = %(lead)s weeks; service level %(level)s %%, z = %(z)s. Reorder point = mean × lead "
        "time + z × deviation × √lead time = %(mean)s × %(lead)s + %(z)s × %(deviation)s × √%(lead)s = %(exact)s, rounded up "
        "%(point)d. Target = reorder point + %(more)s = %(target)d."
    ) % {
        "days": line.lead_days,
        "lead": plain(lead),
        "level": plain(service_level),
        "z": plain(z, 3),
        "mean": plain(line.mean),
        "deviation": plain(line.deviation),
        "exact": plain(exact),
        "point": line.suggested_point,
        "more": _("a week's mean, rounded up")
        if line.mean >= line.pack
        else _("one pack of %(pack)d") % {"pack": line.pack},
        "target": line.suggested_target,
    }
    return f"{demand} {formula}"


def _no_lead_time(line: Line) -> str:
    if line.supplier_id is None:
        return _("No suggestion: no supplier is known. Add one with its lead time.")
    return _("No suggestion: %(supplier)s has no lead time. Fill it in.") % {"supplier": line.supplier}


def why(line: Line, service_level: Decimal) -> list[str]:
    """The whole arithmetic of a line, sentence by sentence."""
    said = [f"{projected(line)}.", _reason(line), _how_many(line)]
    if line.supplier_id is None:
        said.append(_("No supplier is known: add one."))
    return [sentence for sentence in [*said, suggestion(line, service_level)] if sentence]


def _lead_time(days: int | None) -> str:
    if days is None:
        return _("lead time not known")
    return ngettext("lead time %(days)d working day", "lead time %(days)d working days", days) % {"days": days}


def terms(line: Line) -> str:
    """How the supplier sells it: its SKU, pack, minimum and lead time."""
    said = [line.supplier_sku or ""]
    if line.pack > 1:
        said.append(_("packs of %(pack)d") % {"pack": line.pack})
    if line.minimum:
        said.append(_("at least %(minimum)d") % {"minimum": line.minimum})
    if line.supplier_id is not None:
        said.append(_lead_time(line.lead_days))
    return " · ".join(part for part in said if part)


def warnings(short: Sequence[Short], *, amounts: bool) -> list[str]:
    """Who takes no order as small as the list's part of it."""
    return [
        _("%(supplier)s takes orders from %(minimum)s %(currency)s; the list for %(warehouse)s comes to %(value)s.")
        % {
            "supplier": one.supplier,
            "minimum": f"{one.minimum:.2f}",
            "currency": one.currency,
            "warehouse": one.warehouse,
            "value": f"{one.value:.2f}",
        }
        if amounts
        else _("The list for %(warehouse)s does not come to the minimum order of %(supplier)s.")
        % {"supplier": one.supplier, "warehouse": one.warehouse}
        for one in short
    ]
