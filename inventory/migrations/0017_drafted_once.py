from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0016_price_not_known"),
    ]

    operations = [
        migrations.AddField(
            model_name="purchaseorder",
            name="key",
            field=models.CharField(
                blank=True,
                help_text="The same form has the same key: drafted once.",
                max_length=120,
                null=True,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="supplierreturn",
            name="key",
            field=models.CharField(
                blank=True,
                help_text="The same form has the same key: drafted once.",
                max_length=120,
                null=True,
                unique=True,
            ),
        ),
    ]
