"""Comparing and tuning policies and forecasters on demand they have not seen."""
