from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """The home page asks for the few that are archived; a table of all products is not read for it."""

    atomic = False
    dependencies = [("inventory", "0023_names_of_the_menu")]

    operations = [
        AddIndexConcurrently(
            model_name="product",
            index=models.Index(fields=["sku"], condition=Q(archived_at__isnull=False), name="product_archived"),
        ),
    ]
