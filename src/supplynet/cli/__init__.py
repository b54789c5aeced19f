"""The command line: ``supplynet <command>``, one file per command group.

Command modules import only typer; what a command needs is loaded when it runs, so that
``supplynet --help`` answers at once.
"""

from supplynet.cli.app import main

__all__ = ["main"]
