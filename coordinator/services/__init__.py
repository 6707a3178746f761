"""The contract's services: each method checks its message, calls one verb of the store, and says what came of it."""
