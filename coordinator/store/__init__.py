"""Rows ↔ domain: one method a verb, each carried out by the statement of its name in sql/queries."""
