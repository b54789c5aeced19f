"""Policies, packs, rationing: how much to send."""
