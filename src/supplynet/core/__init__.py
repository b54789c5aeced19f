"""The plant as data and rules: no I/O, no clock."""
