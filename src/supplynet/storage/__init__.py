"""The books: SQLite or PostgreSQL, history files, the workspace folder."""
