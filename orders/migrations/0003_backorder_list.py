from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The backorder list finds customers by name, and lines that wait outside of the states that parcels give."""

    atomic = False
    dependencies = [("orders", "0002_components_promises_signups")]
    operations = [
        AddIndexConcurrently("customer", models.Index(fields=["name", "id"], name="customer_by_name")),
        AddIndexConcurrently(
            "orderline",
            models.Index(
                condition=models.Q(("backordered__gt", 0), ("needs_shipping", False)),
                fields=["order"],
                name="line_waits_unshipped",
            ),
        ),
    ]
