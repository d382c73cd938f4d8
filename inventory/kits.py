"""What a kit holds: the one writer of its components and of what they come to (rule: S6)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection as database
from django.db import transaction

from inventory import reservations
from inventory.models import KitComponent, KitContent, Product, StockLevel

DEEPEST = 20
"""Kits in kits in kits: far deeper than anybody packs, so that a mistake in the data cannot run for ever."""

MOST_PIECES = 1_000_000
"""Of one product in one kit, kits inside it taken apart."""

TAKEN_APART = """
    WITH RECURSIVE inside(kit_id, product_id, quantity, depth) AS (
        SELECT kit_id, component_id, quantity::bigint, 1 FROM inventory_kitcomponent
        UNION ALL
        SELECT inside.kit_id, deeper.component_id, inside.quantity * deeper.quantity, depth + 1
          FROM inside JOIN inventory_kitcomponent deeper ON deeper.kit_id = inside.product_id
         WHERE depth < {deepest})
    SELECT inside.kit_id, inside.product_id, sum(inside.quantity) AS quantity
      FROM inside JOIN inventory_product product ON product.id = inside.product_id AND product.stocked
     WHERE {where} GROUP BY inside.kit_id, inside.product_id
"""
"""The stocked goods of kits, kits inside them taken apart; services in a kit take nothing from stock."""


def contents(product_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """By kit: product → units of stock in one of it. One statement; what is no kit is left out."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = KitContent.objects.filter(kit_id__in=list(product_ids)).order_by("kit_id", "product_id")
    for kit_id, product_id, quantity in rows.values_list("kit_id", "product_id", "quantity"):
        found[kit_id][product_id] = quantity
    return dict(found)


def set_components(kit: Product, components: Mapping[int, int]) -> None:
    """From now on one `kit` holds so many of each product (id → quantity); none at all makes it no kit any more.

    Orders that came in before keep what they were promised. ValueError with a sentence where the kit would hold itself,
    holds nothing that is stocked, has stock of its own, or a kit would hold more pieces than can be counted.
    """
    if any(quantity < 1 for quantity in components.values()):
        raise ValueError("Each component is in the kit at least once: say a quantity of 1 or more.")
    if any(quantity > MOST_PIECES for quantity in components.values()):
        raise ValueError(f"A kit holds at most {MOST_PIECES:,} of a product. Look at the quantities once more.")
    with transaction.atomic():
        reservations.lock([kit.pk])
        kit.refresh_from_db(fields=["is_kit", "stocked"])
        # One at a time: two kits that are put into each other at the same instant would both look sound.
        with database.cursor() as cursor:
            cursor.execute("LOCK TABLE inventory_kitcomponent IN SHARE ROW EXCLUSIVE MODE")
        if components and StockLevel.objects.filter(product=kit).exclude(on_hand=0, reserved=0).exists():
            raise ValueError(f"There is stock of {kit.sku} itself. Correct it to zero first; then it can be a kit.")
        _refuse_loop(kit, components)
        KitComponent.objects.filter(kit=kit).exclude(component__in=components).delete()
        KitComponent.objects.bulk_create(
            [KitComponent(kit=kit, component_id=pk, quantity=quantity) for pk, quantity in components.items()],
            update_conflicts=True,
            unique_fields=["kit", "component"],
            update_fields=["quantity"],
        )
        if components or kit.is_kit:
            kit.is_kit, kit.stocked = bool(components), kit.stocked and not components
            kit.save(update_fields=["is_kit", "stocked"])
        _write_contents(kit)
        if components and not KitContent.objects.filter(kit=kit).exists():
            raise ValueError(f"Nothing in {kit.sku} is stocked: a kit needs at least one component that is.")


def _refuse_loop(kit: Product, components: Mapping[int, int]) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE inside(product_id) AS (
                SELECT unnest(%s::bigint[])
                UNION SELECT deeper.component_id
                        FROM inside JOIN inventory_kitcomponent deeper ON deeper.kit_id = inside.product_id)
            SELECT 1 FROM inside WHERE product_id = %s
            """,
            [list(components), kit.pk],
        )
        if cursor.fetchone():
            raise ValueError(f"{kit.sku} would be in itself, through one of its components. Take that component out.")


def _write_contents(kit: Product) -> None:
    """What this kit, and each kit that it is in, comes to."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE holding(kit_id) AS (
                SELECT %s::bigint
                UNION SELECT outer_kit.kit_id
                        FROM holding JOIN inventory_kitcomponent outer_kit ON outer_kit.component_id = holding.kit_id)
            SELECT kit_id FROM holding
            """,
            [kit.pk],
        )
        touched = [row[0] for row in cursor.fetchall()]
        _refuse_too_many(touched)
        KitContent.objects.filter(kit__in=touched).delete()
        cursor.execute(
            "INSERT INTO inventory_kitcontent (kit_id, product_id, quantity)"
            + TAKEN_APART.format(deepest=DEEPEST, where="inside.kit_id = ANY(%s)"),
            [touched],
        )


def _refuse_too_many(kit_ids: list[int]) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT kit.sku, product.sku, made.quantity
              FROM ({TAKEN_APART.format(deepest=DEEPEST, where="inside.kit_id = ANY(%s)")}) made
              JOIN inventory_product kit ON kit.id = made.kit_id JOIN inventory_product product ON product.id = made.product_id
             WHERE made.quantity > %s ORDER BY made.quantity LIMIT 1
            """,
            [kit_ids, MOST_PIECES],
        )
        if row := cursor.fetchone():
            kit, product, pieces = row
            raise ValueError(
                f"One {kit} would hold {pieces:,} of {product}, kits inside it taken apart: at most {MOST_PIECES:,} can be "
                "counted. Look at the quantities once more."
            )


def restore() -> list[str]:
    """What kits come to as their components say; a sentence for each that was wrong. In the caller's transaction."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            WITH made AS ({TAKEN_APART.format(deepest=DEEPEST, where="true")})
            SELECT DISTINCT kit.id, kit.sku FROM made
              FULL JOIN inventory_kitcontent content
                ON content.kit_id = made.kit_id AND content.product_id = made.product_id
              JOIN inventory_product kit ON kit.id = coalesce(made.kit_id, content.kit_id)
             WHERE made.quantity IS DISTINCT FROM content.quantity ORDER BY kit.sku
            """
        )
        wrong = cursor.fetchall()
        KitContent.objects.filter(kit__in=[pk for pk, _ in wrong]).delete()
        cursor.execute(
            "INSERT INTO inventory_kitcontent (kit_id, product_id, quantity)"
            + TAKEN_APART.format(deepest=DEEPEST, where="inside.kit_id = ANY(%s)"),
            [[pk for pk, _ in wrong]],
        )
    return [f"Kit {sku}: its contents were worked out anew from its components." for _, sku in wrong]
