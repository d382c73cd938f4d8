"""The database itself refuses an unbalanced entry, a change of what is posted, and a change of an issued invoice.

All lines of an entry are written in one statement, so the balance is checked once per statement over the entries it
touched (rules: A2, A4). An invoice's PDF may be kept once, when it has been made; nothing else may change.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT lines.entry_id, sum(lines.amount) AS off INTO bad
      FROM accounting_entryline lines
     WHERE lines.entry_id IN (SELECT entry_id FROM written)
     GROUP BY lines.entry_id HAVING sum(lines.amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % is not balanced: debits and credits differ by %.', bad.entry_id, bad.off
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_is_balanced AFTER INSERT ON accounting_entryline
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced();
CREATE TRIGGER entry_line_is_kept BEFORE UPDATE OR DELETE ON accounting_entryline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_is_kept BEFORE UPDATE OR DELETE ON accounting_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'Invoice % is issued and never deleted.', OLD.label USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.pdf IS NOT NULL
       OR (to_jsonb(NEW) - 'pdf' - 'pdf_sha256') IS DISTINCT FROM (to_jsonb(OLD) - 'pdf' - 'pdf_sha256') THEN
        RAISE EXCEPTION 'Invoice % is issued and never changes.', OLD.label USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_is_kept BEFORE UPDATE OR DELETE ON accounting_invoice
    FOR EACH ROW EXECUTE FUNCTION keep_invoice();
"""
BACKWARD = """
DROP TRIGGER invoice_is_kept ON accounting_invoice;
DROP FUNCTION keep_invoice();
DROP TRIGGER entry_is_kept ON accounting_entry;
DROP TRIGGER entry_line_is_kept ON accounting_entryline;
DROP TRIGGER entry_is_balanced ON accounting_entryline;
DROP FUNCTION refuse_unbalanced();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounting", "0001_initial"),
        ("inventory", "0002_ledger_is_append_only"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
