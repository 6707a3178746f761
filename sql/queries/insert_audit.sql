-- Writes down what an operator did, in the transaction of the act.
INSERT INTO sluice.audit_log (principal, peer, act, details)
VALUES (%(principal)s, %(peer)s, %(act)s, %(details)s::jsonb)
