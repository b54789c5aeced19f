"""The application: all commands in the order in which a newcomer needs them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer

from supplynet._version import __version__
from supplynet.cli import (
    alerts,
    anomalies,
    anomaly_answers,
    audit,
    backups,
    bench,
    data,
    demo,
    erp,
    evaluation,
    importing,
    intake,
    keys,
    models,
    mqtt,
    orders,
    outbox,
    planning,
    serving,
    signals,
    simulate,
    stock,
    tokens,
    triggers,
    users,
    what_if,
    why,
    workspace,
)
from supplynet.cli.hints import as_options
from supplynet.core.origin import ORIGIN
from supplynet.errors import SupplyNetError

REFUSED = 2
INTERRUPTED = 130
# The base of all that typer says of wrong options; its place differs between versions of typer.
_WrongUse = cast("type[Any]", typer.BadParameter.__mro__[2])

app = typer.Typer(
    name="supplynet",
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)
_GROUPS = (
    *(
        workspace,
        demo,
        data,
        importing,
        signals,
        models,
        evaluation,
        anomalies,
        triggers,
        planning,
        orders,
        stock,
        why,
        simulate,
        what_if,
        intake,
        mqtt,
        alerts,
        anomaly_answers,
        outbox,
        erp,
        keys,
        users,
        tokens,
        audit,
        backups,
        serving,
        bench,
    ),
)
for group in _GROUPS:
    group.register(app)


@app.callback(invoke_without_command=True)
def supplynet(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Keep assembly lines running: learn consumption, forecast it, move parts in time.

    Try it on a synthetic plant: supplynet demo
    """
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run one command and exit.

    0: done. 1: done, and something was found to be wrong; also what a bug ends with. 2: refused,
    for a reason that stands in one line on stderr. 130: interrupted.
    """
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; ``arguments`` default to the command line's."""
    outside = ORIGIN.set("cli")
    try:
        status = app(arguments, prog_name="supplynet", standalone_mode=False)
    except SupplyNetError as error:
        return _refuse(as_options(str(error)))
    except _WrongUse as error:
        return _refuse(_wrong_use(error))
    except OSError as error:
        # A full disk, a folder that may not be written: the machine's state and no bug.
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        ORIGIN.reset(outside)
    if status == INTERRUPTED:
        sys.stderr.write("supplynet: interrupted\n")
    return status if isinstance(status, int) else 0


def _refuse(message: str) -> int:
    sys.stderr.write(f"supplynet: {' '.join(message.split())}\n")
    return REFUSED


def _wrong_use(error: Any) -> str:
    context = getattr(error, "ctx", None)
    command = "supplynet" if context is None else context.command_path
    message = error.format_message().replace("Value error, ", "").rstrip(".")
    return f"{message} (see {command} --help)"
