"""The twin of a plant: slot by slot, under any policy."""
