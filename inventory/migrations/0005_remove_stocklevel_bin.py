from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_bins_are_places")]
    operations = [migrations.RemoveField(model_name="stocklevel", name="bin")]
