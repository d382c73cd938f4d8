"""What stood as a bin's name beside a stock level becomes a place in the warehouse, and where the product is put away.

The goods stay booked where they were: only a movement moves them. Revaluations are kept like movements.
"""

from django.db import migrations

KEPT = """
CREATE TRIGGER revaluation_is_kept BEFORE UPDATE OR DELETE ON inventory_revaluation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
NOT_KEPT = "DROP TRIGGER revaluation_is_kept ON inventory_revaluation;"

FORWARD = """
INSERT INTO inventory_location (code, name, kind, warehouse_id, sellable, pick_order, handling_days, cut_off, working_days,
                                holiday_region, address)
SELECT DISTINCT left(warehouse.code || '-' || level.bin, 40), level.bin, 'bin', warehouse.id, warehouse.sellable, 100, 1,
       time '14:00', '12345', '', ''
  FROM inventory_stocklevel level JOIN inventory_location warehouse ON warehouse.id = level.location_id
 WHERE level.bin <> ''
ON CONFLICT (code) DO NOTHING;
INSERT INTO inventory_warehouseproduct (product_id, warehouse_id, put_away_id)
SELECT level.product_id, level.location_id, place.id
  FROM inventory_stocklevel level
  JOIN inventory_location warehouse ON warehouse.id = level.location_id
  JOIN inventory_location place ON place.code = left(warehouse.code || '-' || level.bin, 40)
 WHERE level.bin <> '';
"""
BACKWARD = """
UPDATE inventory_stocklevel level SET bin = left(place.name, 30)
  FROM inventory_warehouseproduct here JOIN inventory_location place ON place.id = here.put_away_id
 WHERE here.product_id = level.product_id AND here.warehouse_id = level.location_id;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0003_catalogue_places_purchasing")]
    operations = [migrations.RunSQL(KEPT, NOT_KEPT), migrations.RunSQL(FORWARD, BACKWARD)]
