"""What people watch: the halt risk grid, actions with their reasons, alerts."""
