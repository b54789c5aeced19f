"""Anomaly detectors: what is odd in consumption, how odd, since when, and of what kind."""
