"""When goods are ordered again and how many (rule: S9): the arithmetic over the figures of products in warehouses.

It is words of SQL, stated once: the same figures choose the lines, sort them, add them up by supplier and stand on each line.

A limit that a person has set always wins. Without one the demand suggests it, by the textbook formula for a demand that
varies and a lead time that does not (Stevenson, Operations Management, ch. 12; Silver, Pyke and Peterson, Inventory
Management and Production Planning and Scheduling):

    reorder point = mean × L + z × deviation × √L,   target = reorder point + the greater of one week's mean and one pack

with mean and deviation of a week's demand, L the lead time in weeks, z the standard normal quantile of the service level;
both rounded up. Without either, only what customers wait for is ordered.
"""

from decimal import Decimal
from statistics import NormalDist

DAYS_A_WEEK = 5
"""Lead times are in working days."""

# To six decimals first: 10 × 1.0 is to be 10 and not the 11 that 10.000000000000002 would be rounded up to.
_UP = "ceil(round(({})::numeric, 6))::bigint"
_SUGGESTED = _UP.format(f"mean * lead_days / {DAYS_A_WEEK}.0 + %(z)s * deviation * sqrt(lead_days / {DAYS_A_WEEK}.0)")

JUDGED = f"""
    SELECT suggested.*,
           CASE kind WHEN 'limit' THEN limit_point WHEN 'demand' THEN suggested_point WHEN 'waiting' THEN -1 END AS point,
           CASE kind WHEN 'limit' THEN coalesce(limit_target, limit_point + pack)
                     WHEN 'demand' THEN suggested_target WHEN 'waiting' THEN 0 END AS target
      FROM (SELECT pointed.*, suggested_point + {_UP.format("greatest(mean, pack)")} AS suggested_target,
                   CASE WHEN limit_point IS NOT NULL THEN 'limit' WHEN suggested_point IS NOT NULL THEN 'demand'
                        WHEN projected < 0 THEN 'waiting' ELSE 'unknown' END AS kind
              FROM (SELECT figures.*, {_SUGGESTED} AS suggested_point,
                           on_hand - allocated - backordered + on_order + in_transit AS projected
                      FROM ({{figures}}) figures) pointed) suggested
"""
"""What holds for each row of `figures`, which has: on_hand, allocated, backordered, on_order, in_transit, in_draft,
limit_point, limit_target, mean, deviation, lead_days, pack, minimum. NULL is unknown; the demand too may be unknown."""

IS_SHORT = "projected <= point AND projected < target"
"""At the point or below; but who keeps none (0 and 0) orders none until somebody waits."""

MISSING = "(target - projected - in_draft)"
"""What is already on a draft of a purchase order is not ordered twice."""

QUANTITY = f"""
    CASE WHEN {MISSING} > 0 THEN ceil(greatest({MISSING}, minimum)::numeric / pack)::bigint * pack ELSE 0 END"""
"""Up to the target, at least the supplier's minimum, in whole packs."""


def quantile(service_level: Decimal) -> float:
    """z: so many deviations above the mean cover the service level, given in per cent."""
    return NormalDist().inv_cdf(float(service_level) / 100)
