"""Messages and services of the listens packages."""
