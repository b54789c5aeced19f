"""Files and machines of others, in."""
