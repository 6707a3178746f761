"""For tests of programs that use Sluice: a real coordinator, a database for each test, a clock to push forward.

Needs the extra `testing`, which brings PostgreSQL and the coordinator; all of that runs in processes of its own. With
pytest, `plugin` has it as fixtures.
"""
