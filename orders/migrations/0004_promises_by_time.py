from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    """The score of promises asks for those of a span of days."""

    atomic = False
    dependencies = [("orders", "0003_backorder_list")]
    operations = [
        AddIndexConcurrently("linepromise", BrinIndex(fields=["made_at"], name="promise_by_time")),
    ]
