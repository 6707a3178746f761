"""Messages and services of the uploads packages."""
