"""Frames: names, demand, features, quality, summaries, the synthetic generator."""
