-- Drops the record of what operators did.
DROP TABLE sluice.audit_log;
