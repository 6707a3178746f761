"""The gateway: REST and the web page for people, and a stateless client of the coordinator. No database."""
