"""Messages out: who hears what and when, and the channels that carry it. Knows no database."""
