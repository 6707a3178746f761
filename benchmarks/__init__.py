"""Measured claims: each program prints medians and spread, side by side with a baseline in the same run."""
