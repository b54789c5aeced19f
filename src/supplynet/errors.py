"""Every error that SupplyNet raises on purpose, in one tree.

SupplyNetError
    ConfigError             settings: unknown key, bad value
    InvalidInput            something a person or a machine sent is wrong
        InvalidId
        PlantErrors         all mistakes of a plant folder at once
        ImportErrors        all mistakes of an import at once, one per cell
        NotFound            no such part, order, model, ...
            NoneYet         this workspace has no plant, no model
    AccessError
        NotSignedIn         nobody has said who asks, or not well enough
            NotSetUp        there are no users yet
        NotAllowed          who asks has no such permission, or not at this site
        TooManyRequests     ask again later
    AccountError            a step that the state of users and tokens does not allow
    VersionMoved            what somebody edits was changed by another meanwhile
    SealError               something sealed cannot be opened: no such key, or it was changed
    StoreError              the database cannot be opened, read or written
    BackupError             a backup cannot be made, read, trusted or restored
    LedgerError
        ConflictingContent  the same id was sent before with other content
        InsufficientStock   a command wants more than is there
    OrderStateError         a step that the order's state does not allow
        OrderKeyTaken       another open order for the same goods has the departure already
    AlertStateError         a step that the alert's state does not allow
    DeliveryStateError      a message that still waits cannot be sent once more
    ForecastError
        HistoryTooShort
        InsufficientData    too few days or records to train on
        TrainingDiverged    the loss was not finite, at a lower learning rate neither
        ModelError          a model cannot be found, opened or trusted
        MissingExtra        an optional library is not installed
    JobError
        JobCancelled
    SnapshotMoved           the books changed while a decision was computed: compute it again
    ConnectorError          the other side did not answer; the only one that may be retried
        SignalUnavailable   no provider of an outside signal could be reached

Messages say what is wrong, how much, and what to do next. ``assert`` is for our own bugs only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class SupplyNetError(Exception):
    """Base of every expected error: one line for the person, exit code 2 on the command line."""

    def told(self) -> str:
        """For whoever asked over the network: without paths of the server."""
        return str(self)


class ConfigError(SupplyNetError):
    """A setting is unknown or has a value that cannot be used."""


class InvalidInput(SupplyNetError):
    """Input from outside is wrong; nothing of it was taken."""


class InvalidId(InvalidInput):
    """An id is not 1 to 64 of ``A-Z a-z 0-9 . _ -``."""

    def __init__(self, what: str, value: str) -> None:
        super().__init__(
            f"{what} {value!r} is not an id: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        )
        self.what, self.value = what, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a file.

    Attributes:
        file: File name inside the folder or upload.
        row: Row as a spreadsheet shows it: the header is row 1; None when it is the whole file.
        column: Column or key name, None when it is the whole row.
        wrong: What is wrong, with the value.
        right: What would be right.
        value: What the cell says, where it is one cell.
        kind: Name of the kind of mistake, where mistakes are counted by kind.
    """

    file: str
    row: int | None
    column: str | None
    wrong: str
    right: str
    value: str | None = None
    kind: str | None = None

    def __str__(self) -> str:
        where = self.file
        if self.row is not None:
            where += f" row {self.row}"
        if self.column is not None:
            where += f" column {self.column}"
        return f"{where}: {self.wrong}; {self.right}"


class MistakesError(InvalidInput):
    """Several mistakes found in one reading; nothing was taken.

    ``total`` says how many there are when ``mistakes`` holds only the first of them.
    """

    def __init__(self, subject: str, mistakes: Sequence[Mistake], total: int | None = None) -> None:
        total = len(mistakes) if total is None else total
        named = mistakes[:3]
        shown = "; ".join(str(mistake) for mistake in named)
        more = f" (and {total - len(named)} more)" if total > len(named) else ""
        count = f"{total} mistake" + ("s" if total != 1 else "")
        super().__init__(f"{subject} has {count}: {shown}{more}")
        self.mistakes, self.total = tuple(mistakes), total


class PlantErrors(MistakesError):
    """A plant folder has mistakes."""


class ImportErrors(MistakesError):
    """An import has mistakes, one per cell."""


class NotFound(InvalidInput):
    """Something that was asked for by name does not exist."""

    def __init__(self, what: str, name: str, hint: str = "") -> None:
        super().__init__(f"no {what} {name!r}" + (f"; {hint}" if hint else ""))
        self.what, self.name = what, name


class NoneYet(NotFound):
    """The workspace has none of it yet: no plant, no model.

    Whoever has a shell of the server is told the folder and the command; a page neither of them.

    Attributes:
        thing: What is missing, in one word.
    """

    def __init__(self, thing: str, folder: str, *, command: str, step: str) -> None:
        super().__init__(f"{thing} in", folder, command)
        self.thing, self._step = thing, step

    def told(self) -> str:
        """What is missing, and what to do about it from anywhere."""
        return f"there is no {self.thing} yet; {self._step}"


class AccessError(SupplyNetError):
    """Who asks may not have what is asked for."""


class NotSignedIn(AccessError):
    """Nobody has said who asks, or what was shown does not prove it."""


class NotSetUp(NotSignedIn):
    """There are no users yet, so nobody can sign in."""

    def __init__(self) -> None:
        super().__init__(
            "nobody can sign in yet: there are no users; on the server's machine type: "
            "supplynet user add NAME --role administrator"
        )


class NotAllowed(AccessError):
    """Who asks has no such permission, or not at this site."""


class TooManyRequests(AccessError):
    """Too much was asked for in a short time.

    Attributes:
        retry_after_seconds: When to ask again.
    """

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AccountError(SupplyNetError):
    """A name is taken, or the last administrator would be gone."""


class VersionMoved(SupplyNetError):
    """What somebody edits was changed by another meanwhile; read it again."""


class SealError(SupplyNetError):
    """Something sealed cannot be opened, or nothing can be sealed: no such key, or changed."""


class StoreError(SupplyNetError):
    """The database or a history file cannot be opened, read or written; nothing was written."""


class BackupError(SupplyNetError):
    """A backup cannot be made, read, trusted or restored; what was there stays as it was."""


class LedgerError(SupplyNetError):
    """The ledger refuses; nothing was written."""


class ConflictingContent(LedgerError):
    """A key was used before with other content."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(
            f"{what} {key} is already there with other content; "
            "send a correction under a new id instead"
        )
        self.what, self.key = what, key


class InsufficientStock(LedgerError):
    """A command wants more than is free."""

    def __init__(self, part_id: str, location_id: str, free: int, wanted: int) -> None:
        super().__init__(
            f"{location_id} has {free} of part {part_id} free, {wanted} are wanted; "
            "count the stock, post the missing receipt or ask for less"
        )
        self.part_id, self.location_id = part_id, location_id
        self.free, self.wanted = free, wanted


class OrderStateError(SupplyNetError):
    """An order is in a state that does not allow this step; says which steps it allows."""

    may: ClassVar[dict[str, str]] = {
        "proposed": "approve, change, snooze, split or reject it",
        "approved": "change, split, pick, ship or reject it",
        "picked": "ship or reject it",
        "shipped": "receive or reverse it",
        "received": "close or reverse it",
        "closed": "only reverse undoes it",
        "cancelled": "it is over; add another order",
        "reversed": "it is over; add another order",
    }

    def __init__(self, order_id: str, state: str, wanted: str) -> None:
        text = f"order {order_id} is {state} and cannot become {wanted}"
        todo = self.may.get(state)
        super().__init__(f"{text}; {todo}" if todo else text)
        self.order_id, self.state, self.wanted = order_id, state, wanted


class OrderKeyTaken(OrderStateError):
    """Another open order for the same part, from, to and departure is there already."""

    def __init__(self, order_id: str, state: str) -> None:
        SupplyNetError.__init__(
            self,
            f"order {order_id} ({state}) goes the same way with that departure already; "
            "change its quantity instead",
        )
        self.order_id, self.state, self.wanted = order_id, state, "doubled"


class AlertStateError(SupplyNetError):
    """An alert is in a state that does not allow this; ``why`` says which and what to do."""

    def __init__(self, alert_id: str, why: str) -> None:
        super().__init__(f"alert {alert_id} {why}")
        self.alert_id = alert_id


class DeliveryStateError(SupplyNetError):
    """A message that still waits to be sent cannot be sent once more."""

    def __init__(self, message_id: str, channel: str) -> None:
        super().__init__(
            f"message {message_id} still waits to be sent to {channel}; only one that is sent or "
            "dead can be sent once more"
        )
        self.message_id, self.channel = message_id, channel


class ForecastError(SupplyNetError):
    """A forecast cannot be made."""


class HistoryTooShort(ForecastError):
    """Fewer periods of history than the model needs."""

    def __init__(self, periods: int, needed: int) -> None:
        super().__init__(
            f"history has {periods} periods, the model needs {needed}; "
            "import more history or choose one that needs less"
        )
        self.periods, self.needed = periods, needed


class TrainingDiverged(ForecastError):
    """The loss of a training was not finite, and not at a lower learning rate either."""

    def __init__(self, epoch: int, step: int, learning_rate: float) -> None:
        where = f"step {step}" if step else "the validation"
        super().__init__(
            f"training stopped at epoch {epoch}, {where}: the loss is not finite, at a learning "
            f"rate of {learning_rate:g} neither; look for extreme values in the data, or choose "
            "a lower learning rate"
        )
        self.epoch, self.step, self.learning_rate = epoch, step, learning_rate


class InsufficientData(ForecastError):
    """Too few days of a series, or too few records in all, to train on."""


class ModelError(ForecastError):
    """A model cannot be found, opened or trusted."""


class MissingExtra(ForecastError):
    """An optional library is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra {extra!r}: pip install 'supplynet[{extra}]'")
        self.feature, self.extra = feature, extra


class JobError(SupplyNetError):
    """A job failed."""


class JobCancelled(JobError):
    """Someone asked the job to stop."""


class SnapshotMoved(SupplyNetError):
    """The books moved between reading and writing; compute again from a new snapshot."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"the books moved from change {expected} to {found}; run again")
        self.expected, self.found = expected, found


class ConnectorError(SupplyNetError):
    """The other side did not answer; may be retried."""


class SignalUnavailable(ConnectorError):
    """No provider of an outside signal could be reached; ``instead`` names the way without."""

    def __init__(self, wanted: str, reasons: Mapping[str, str], instead: str) -> None:
        said = "; ".join(f"{provider}: {reason}" for provider, reason in reasons.items())
        super().__init__(f"{wanted} cannot be had ({said}); without a service: {instead}")
        self.wanted, self.reasons, self.instead = wanted, dict(reasons), instead
