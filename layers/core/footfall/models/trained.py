"""What the modules of models take and give: files of arrays by name, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from footfall.customers.arrays import Arrays
from footfall.schemas.model import Facts, Figures, ToldDetails

Files = Mapping[str, Arrays]
Parameters = Mapping[str, Any]
"""As each model writes them, and reads them again."""


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    `work` is what judging and publishing need of it, `artefacts` what it is used from once it is published, `details`
    what its readers need to know, and `figures` what is noted of it in the run. By its `parameters`, plain JSON, and
    its artefacts it is applied again to what is extracted later.
    """

    work: Files
    artefacts: Files = field(default_factory=dict)
    details: ToldDetails = field(default_factory=ToldDetails)
    figures: Figures = field(default_factory=Figures)
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True)
class Champion:
    """A model in use, as it was saved: its parameters and details, and its artefacts."""

    parameters: Parameters
    details: ToldDetails
    artefacts: Files


@dataclass(frozen=True)
class Trained:
    """A fitted model again, with what it was fitted on."""

    facts: Facts
    extracted: Files
    work: Files
    artefacts: Files
    figures: Figures


@dataclass(frozen=True)
class Judgement:
    """How good a model is, and why it must not be published, if so; with `wrong_data`, no other of its kind either."""

    metrics: Figures
    reasons: Sequence[str] = ()
    wrong_data: bool = False


class Decisive(NamedTuple):
    """The figure that two candidates of a model are compared by."""

    figure: str
    less_is_better: bool = False

    def of(self, metrics: Figures) -> float | None:
        """Returns the figure; None where it could not be found."""
        found = metrics.get(self.figure)
        return found if isinstance(found, float) else None

    def is_better(self, one: float, other: float) -> bool:
        """Returns whether one is better than another."""
        return one < other if self.less_is_better else one > other
