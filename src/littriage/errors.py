"""Every error that littriage raises on purpose.

    LittriageError
    ├── MayPass                      trying again later can help
    │   ├── SourceUnavailable        no answer, a refusal (429, 503), a cut connection, a time-out
    │   ├── LlmUnavailable           a language model gave no answer: refusal (429, 5xx), cut connection, time-out
    │   ├── WorkersUnavailable       a cluster's scheduler or workers are not there, or died again and again
    │   └── WarehouseBusy            another process writes to the warehouse
    └── WillNotPass                  the same call fails again
        ├── HarvestRefused           the source says that the query itself is wrong
        ├── MalformedFeed            an answer that is not the feed it should be
        │   ├── EmptyAnswer          no entries, though nothing says that there are none
        │   ├── ShortAnswer          fewer entries than the feed's total, at the end of a window
        │   ├── TotalChanged         the total differs between two pages of one window
        │   └── TokenRejected        a resumption token that the source no longer takes, or that leads in a circle
        ├── DirectionError           a direction file is wrong
        │   └── UnknownDirection     no direction of that name
        ├── ImportRefused            a file that cannot be imported at all
        ├── NoWarehouse              nothing has been published or stored yet
        ├── EmptyWarehouse           a warehouse without a single paper
        ├── SchemaTooNew             a newer littriage made the file
        ├── DiskFull                 the disk has no room for the write
        ├── VectorsLost              a file of vectors is gone, cut short, or another one than the tables mean
        ├── ModelUnavailable         an embedding model cannot be loaded, or is not the one expected
        ├── UndefinedShare           a share of an empty field was asked for
        ├── LlmRefused               a language model's server says that the request itself is wrong
        ├── MalformedReply           an answer of a language model that does not fit what was asked
        ├── DocumentError            a document that cannot be read
        ├── SettingsError            a setting cannot be used
        └── EvaluationError          a judgement file that cannot be used

Each message says what was seen, where, and what to do next. The parts stay on the error as attributes, and an error
survives pickling, because Prefect moves errors between processes.
"""

from __future__ import annotations

from typing import Any


class LittriageError(Exception):
    """Base of all of them. `parts` are the facts of the message, by name."""

    exit_code = 1

    def __init__(self, message: str, **parts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.parts = parts

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.message, self.parts)


def _rebuilt(kind: type[LittriageError], message: str, parts: dict[str, Any]) -> LittriageError:
    return kind(message, **parts)


class MayPass(LittriageError):
    """Trying again later can help."""


class SourceUnavailable(MayPass):
    """No answer, a refusal (429, 503), a cut connection or a time-out; `parts["wait_s"]` where the source named one."""


class LlmUnavailable(MayPass):
    """A language model gave no answer: a refusal (429, 5xx), a cut connection, a time-out."""


class WorkersUnavailable(MayPass):
    """A cluster's scheduler does not answer, it has no workers, or they died again and again at a shard."""


class WarehouseBusy(MayPass):
    """Another process writes to the warehouse."""


class WillNotPass(LittriageError):
    """The same call fails again."""


class HarvestRefused(WillNotPass):
    """The source says that the query itself is wrong."""


class MalformedFeed(WillNotPass):
    """An answer that is not the feed it should be: HTML with status 200, broken XML, no total."""


class EmptyAnswer(MalformedFeed):
    """No entries, where the feed's own total says that there are some or nothing says that there are none."""


class ShortAnswer(MalformedFeed):
    """Fewer entries than the feed's total, at the end of a window."""


class TotalChanged(MalformedFeed):
    """The total differs between two pages of one window."""


class TokenRejected(MalformedFeed):
    """A resumption token that the source no longer takes, or that leads in a circle: begin the listing again."""


class DirectionError(WillNotPass):
    """A direction file is wrong: `parts` may hold `file`, `key` and `expected`; `problems` lists them all."""

    exit_code = 2

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(self.parts.get("problems", (self.message,)))


class UnknownDirection(DirectionError):
    """No direction of that name; `parts["suggestions"]` holds near names."""


class ImportRefused(WillNotPass):
    """A file that cannot be imported at all: not there, empty, or without the columns that a paper needs."""


class NoWarehouse(WillNotPass):
    """Nothing has been published or stored yet."""


class EmptyWarehouse(WillNotPass):
    """A warehouse without a single paper."""

    exit_code = 4


class SchemaTooNew(WillNotPass):
    """A newer littriage made the file."""


class DiskFull(WillNotPass):
    """The disk has no room for the write; what was stored before is still there."""


class VectorsLost(WillNotPass):
    """A file of vectors is gone, cut short, or another one than the tables mean."""


class ModelUnavailable(WillNotPass):
    """An embedding model cannot be loaded, or its weights are not the ones expected."""


class UndefinedShare(WillNotPass):
    """A share of an empty field was asked for: no field is not a share of zero."""


class LlmRefused(WillNotPass):
    """A language model's server says that the request itself is wrong: no such model, a bad key, too long."""


class MalformedReply(WillNotPass):
    """An answer of a language model that does not fit what was asked, after the repairs that were allowed."""


class DocumentError(WillNotPass):
    """A document that cannot be read: not there, empty, binary, or in no encoding that we know."""

    exit_code = 2


class SettingsError(WillNotPass):
    """A setting cannot be used."""

    exit_code = 2


class EvaluationError(WillNotPass):
    """A judgement file that cannot be used."""

    exit_code = 2
