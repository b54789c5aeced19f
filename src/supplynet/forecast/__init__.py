"""Forecasters, one file per model, and what judges them."""
