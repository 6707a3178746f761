-- The key of the HMACs in the audit log.
SELECT k.key
FROM sluice.audit_keys AS k
