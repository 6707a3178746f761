"""The thin client of the coordinator: what producers call, and the runtime of workers.

Needs nothing beyond the contract in `protos`, grpc and the google packages; never imports one of our
processes.
"""
