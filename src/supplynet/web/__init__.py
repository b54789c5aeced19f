"""The built pages, served as files."""
