"""`sluice`: the queue from a terminal, for people who run it and people who build on it.

Speaks to the coordinator through the client library as any other program does. Needs the extra `cli`; nothing else
of the client library imports it.
"""
