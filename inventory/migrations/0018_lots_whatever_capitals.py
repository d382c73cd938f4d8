from django.db import migrations, models
from django.db.models.functions import Upper

# Older lots that differ in capitals alone stay as they are: papers and movements name them. Only new ones are refused.
DOUBLES = """
    UPDATE inventory_lot lot SET doubled = true
      FROM (SELECT id, row_number() OVER (PARTITION BY product_id, upper(code) ORDER BY id) AS nth FROM inventory_lot) ranked
     WHERE ranked.id = lot.id AND ranked.nth > 1
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0017_drafted_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="lot",
            name="doubled",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Written as an older lot but for capitals, from before that was refused.",
            ),
        ),
        migrations.RunSQL(DOUBLES, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="lot", name="lot_by_code"),
        migrations.AddIndex(model_name="lot", index=models.Index(Upper("code"), name="lot_by_capitals")),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(
                models.F("product"), Upper("code"), condition=models.Q(doubled=False), name="lot_once_in_capitals"
            ),
        ),
    ]
