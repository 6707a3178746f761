-- What operators did, below an id, newest first. Index: primary key of audit_log.
SELECT a.id, a.at, a.principal, a.peer, a.act, a.details::text AS details
FROM sluice.audit_log AS a
WHERE a.id < %(before)s
ORDER BY a.id DESC
LIMIT %(most)s
