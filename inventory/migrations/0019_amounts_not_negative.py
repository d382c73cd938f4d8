from typing import ClassVar

import django.core.validators
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    """No new amount is negative; one that is, is a mistake that nobody can read, and becomes one that is not known.

    In one transaction, so that what broke off can be done again: each table is looked through twice, which at 100,000
    products takes a fraction of a second.
    """

    dependencies: ClassVar = [
        ("inventory", "0018_lots_whatever_capitals"),
    ]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="product",
            name="price",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                max_digits=14,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0, "Write 0 or more: an amount is not less than nothing.")
                ],
            ),
        ),
        migrations.AlterField(
            model_name="sellingunit",
            name="price",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Empty: the product's price times the quantity.",
                max_digits=14,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0, "Write 0 or more: an amount is not less than nothing.")
                ],
            ),
        ),
        migrations.AlterField(
            model_name="supplier",
            name="minimum_order",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=14,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0, "Write 0 or more: an amount is not less than nothing.")
                ],
            ),
        ),
        migrations.AlterField(
            model_name="supplierproduct",
            name="price",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Of one unit, in the supplier's currency.",
                max_digits=14,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0, "Write 0 or more: an amount is not less than nothing.")
                ],
            ),
        ),
        AddConstraintNotValid(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__isnull", True), ("price__gte", 0), _connector="OR"),
                name="product_price_not_negative",
            ),
        ),
        AddConstraintNotValid(
            model_name="sellingunit",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__isnull", True), ("price__gte", 0), _connector="OR"),
                name="selling_unit_price_not_negative",
            ),
        ),
        AddConstraintNotValid(
            model_name="supplier",
            constraint=models.CheckConstraint(
                condition=models.Q(("minimum_order__isnull", True), ("minimum_order__gte", 0), _connector="OR"),
                name="supplier_minimum_not_negative",
            ),
        ),
        migrations.RunSQL("UPDATE inventory_product SET price = NULL WHERE price < 0", migrations.RunSQL.noop),
        ValidateConstraint(model_name="product", name="product_price_not_negative"),
        migrations.RunSQL("UPDATE inventory_sellingunit SET price = NULL WHERE price < 0", migrations.RunSQL.noop),
        ValidateConstraint(model_name="sellingunit", name="selling_unit_price_not_negative"),
        migrations.RunSQL(
            "UPDATE inventory_supplier SET minimum_order = NULL WHERE minimum_order < 0", migrations.RunSQL.noop
        ),
        ValidateConstraint(model_name="supplier", name="supplier_minimum_not_negative"),
    ]
