"""Tables in and out: catalogues and orders as CSV and XLSX, with a preview before anything is written (rule: U5)."""
