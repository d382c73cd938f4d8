import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0019_amounts_not_negative"),
    ]

    operations = [
        # A plan of none never made a sheet.
        migrations.RunSQL(
            "UPDATE inventory_countplan SET sheet_lines = 50 WHERE sheet_lines = 0", migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name="countplan",
            name="sheet_lines",
            field=models.PositiveSmallIntegerField(
                default=50,
                validators=[django.core.validators.MinValueValidator(1, "A sheet has at least one line.")],
                verbose_name="lines a sheet",
            ),
        ),
    ]
