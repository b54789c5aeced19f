"""Outside signals: prices, weather, economic series and indices, as tables of drivers.

A provider answers one request (``provider.py``); providers are found by name (``registry.py``).
What an HTTP service looks like is data: ``definitions/*.toml``, and ``signals/*.toml`` of a
workspace.
"""
