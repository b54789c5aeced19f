"""Messages to people and other systems. It is handed the messages; it knows no database."""
