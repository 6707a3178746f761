"""Messages and services of the jobs packages."""
