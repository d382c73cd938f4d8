from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Names only; the tables stay as they are."""

    dependencies: ClassVar = [
        ("inventory", "0022_places_of_a_product"),
    ]

    operations: ClassVar = [
        migrations.AlterModelOptions(
            name="kitcomponent",
            options={"ordering": ["kit", "id"], "verbose_name": "part of a kit", "verbose_name_plural": "kits"},
        ),
        migrations.AlterModelOptions(
            name="location",
            options={"ordering": ["pick_order", "code"], "verbose_name": "place", "verbose_name_plural": "places"},
        ),
        migrations.AlterModelOptions(
            name="supplierproduct",
            options={
                "ordering": ["product", "rank", "id"],
                "verbose_name": "what a supplier sells",
                "verbose_name_plural": "what suppliers sell",
            },
        ),
        migrations.AlterModelOptions(
            name="supplierreturn",
            options={
                "ordering": ["-id"],
                "verbose_name": "return to a supplier",
                "verbose_name_plural": "returns to suppliers",
            },
        ),
        migrations.AlterModelOptions(
            name="warehouseproduct",
            options={
                "ordering": ["product", "warehouse"],
                "verbose_name": "reorder point",
                "verbose_name_plural": "reorder points",
            },
        ),
    ]
