from django.db import migrations, models

# Products that lie in one place only, nearly all of them, have the default.
COUNT = """
    UPDATE inventory_stocklevel level SET places = there.places
      FROM (SELECT product_id, count(*) AS places FROM inventory_stocklevel GROUP BY product_id HAVING count(*) > 1) there
     WHERE level.product_id = there.product_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0021_wrong_receipts"),
    ]

    operations = [
        migrations.AddField(
            model_name="stocklevel",
            name="places",
            field=models.PositiveIntegerField(
                db_default=1,
                default=1,
                editable=False,
                help_text="In how many places its product has a level; whoever waited for this one sees by it that there are more.",
            ),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
