"""The command line: supplynet <command>."""
