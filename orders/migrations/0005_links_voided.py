from django.db import migrations, models


class Migration(migrations.Migration):
    """A clerk makes the links to the customer's page void. A default of the database writes no row anew."""

    dependencies = [("orders", "0004_promises_by_time")]
    operations = [
        migrations.AddField(
            model_name="order",
            name="links_voided",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="How often the customer's links to it were made void.",
            ),
        ),
    ]
