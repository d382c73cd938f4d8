from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """A price that nobody knows is no price of 0. Of drafts, 0 meant that; what was sent keeps what it said."""

    dependencies: ClassVar = [("inventory", "0015_count_line_scans")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="purchaseorderline",
            name="unit_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Of one stock unit, in the order's currency; 0 is free of charge, empty is not known yet.",
                max_digits=14,
                null=True,
            ),
        ),
        migrations.RunSQL(
            """UPDATE inventory_purchaseorderline line SET unit_price = NULL FROM inventory_purchaseorder bought
                WHERE bought.id = line.order_id AND bought.state = 'draft' AND line.unit_price = 0""",
            "UPDATE inventory_purchaseorderline SET unit_price = 0 WHERE unit_price IS NULL",
        ),
    ]
