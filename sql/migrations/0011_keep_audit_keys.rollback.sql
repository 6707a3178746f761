-- Drops the key: whom lines of the audit log mean can be told no more, not even by somebody who knows the id.
DROP TABLE sluice.audit_keys;
