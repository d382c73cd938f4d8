"""Rows by the hundred thousand for benches: one INSERT … SELECT a table, as the hub itself would have written them."""

from django.db import connection as database
from django.db import models


def put(model: type[models.Model], source: str, **columns: str) -> int:
    """A row of `model` for each row of `source`, a FROM clause; `columns` are its SQL expressions, the rest is as the model says.

    How many were put in.
    """
    names, shown, values = [], [], []
    for field in model._meta.local_concrete_fields:
        column = str(field.column)
        if column in columns:
            names.append(column)
            shown.append(columns[column].replace("%", "%%"))
        elif not (field.generated or field.null or field.primary_key):
            names.append(column)
            if getattr(field, "auto_now_add", False):
                shown.append("now()")
            else:
                shown.append("%s")
                values.append(field.get_db_prep_save(field.get_default(), database))
    made = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(shown)}"
    with database.cursor() as cursor:
        cursor.execute(made + " FROM " + source.replace("%", "%%"), values)
        return cursor.rowcount


def orders(first: int, count: int, *, connection_id: int, state: str, placed: str, **more: str) -> None:
    """Orders `first` onwards, each of a customer of its own, who pays on terms; their lines are the caller's.

    Their ids are their numbers, and so are their customers' and addresses'.
    """
    from orders.models import Address, Customer, Order

    numbers = f"generate_series({first}, {first + count - 1}) AS n"
    given, family = "(ARRAY['Anne','Zoé','Marc','Lea'])[1 + n % 4]", "(ARRAY['Côté','Roy','Smith'])[1 + n % 3]"
    name = f"{given} || ' ' || {family} || ' ' || n"
    put(
        Customer, numbers, id="n", name=name, search_name=f"lower({name})", email="'c' || n || '@example.com'",
        email_key="'c' || n || '@example.com'",
    )  # fmt: skip
    put(
        Address, numbers, id="n", customer_id="n", digest="md5(n::text)", name=name, search_name=f"lower({name})",
        line1="n || ' rue Principale'", city="'Montréal'", province="'QC'", postal_code="'H2X 1Y4'", country="'CA'",
    )  # fmt: skip
    words = {
        "id": "n", "number": "'L-' || n", "connection_id": str(connection_id), "external_id": "n::text",
        "external_number": "n::text", "customer_id": "n", "billing_address_id": "n", "shipping_address_id": "n",
        "state": f"'{state}'", "placed_at": placed, "may_ship": "true", "currency": "'CAD'",
        "email": "'c' || n || '@example.com'",
    }  # fmt: skip
    put(Order, numbers, **{**words, **more})


def lines(source: str, **columns: str) -> None:
    """Lines of plain products; `source` gives n (the order), position, product (its id) and units."""
    from orders.models import OrderLine

    words = {
        "order_id": "n", "position": "position", "product_id": "product", "ordered": "units", "unit_price": "0",
        "sku": "(SELECT sku FROM inventory_product WHERE id = product)",
        "name": "(SELECT name FROM inventory_product WHERE id = product)",
    }  # fmt: skip
    put(OrderLine, source, **{**words, **columns})


def settle(*models: type[models.Model]) -> None:
    """Ids given by hand are behind us; the planner has seen how much there is."""
    with database.cursor() as cursor:
        for model in models:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
            )
        cursor.execute("VACUUM ANALYZE")
