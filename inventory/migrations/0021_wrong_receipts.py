import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0020_plan_has_lines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, unique=True)),
                ("quantity", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=250)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="landedcost",
            name="landed_cost_positive",
        ),
        migrations.AddField(
            model_name="goodsreceiptline",
            name="reversed",
            field=models.PositiveIntegerField(default=0, help_text="Units that had not come after all."),
        ),
        migrations.AddField(
            model_name="landedcost",
            name="item",
            field=models.ForeignKey(
                blank=True,
                help_text="The one line whose price it is; empty: spread over all.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.goodsreceiptline",
            ),
        ),
        migrations.AlterField(
            model_name="landedcost",
            name="amount",
            field=models.DecimalField(
                decimal_places=2,
                help_text="In the merchant's currency, before tax; below zero where it is given back.",
                max_digits=14,
            ),
        ),
        migrations.AlterField(
            model_name="landedcost",
            name="kind",
            field=models.CharField(
                choices=[
                    ("freight", "freight"),
                    ("duty", "duty"),
                    ("brokerage", "brokerage"),
                    ("other", "other"),
                    ("price", "other price on the invoice"),
                ],
                default="freight",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="goodsreceiptline",
            constraint=models.CheckConstraint(
                condition=models.Q(("reversed__lte", models.F("quantity"))), name="receipt_line_reversed_had_come"
            ),
        ),
        migrations.AddConstraint(
            model_name="landedcost",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="landed_cost_is_some"
            ),
        ),
        migrations.AddField(
            model_name="receiptreversal",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="receiptreversal",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reversals", to="inventory.goodsreceiptline"
            ),
        ),
        migrations.AddField(
            model_name="receiptreversal",
            name="movement",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.movement"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptreversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="receipt_reversal_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptreversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="receipt_reversal_has_reason"
            ),
        ),
    ]
