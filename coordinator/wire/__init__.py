"""Messages ↔ domain. What a message says is checked here, and nowhere after."""
