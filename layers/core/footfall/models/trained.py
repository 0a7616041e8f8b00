"""What the modules of models take and give: files of arrays by name, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from footfall.customers.arrays import Arrays
from footfall.schemas.model import Facts, Figures, ToldDetails

Files = Mapping[str, Arrays]


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    `work` is what judging and publishing need of it, `artefacts` what it is used from once it is published, `details`
    what its readers need to know, and `figures` what is noted of it in the run.
    """

    work: Files
    artefacts: Files = field(default_factory=dict)
    details: ToldDetails = field(default_factory=ToldDetails)
    figures: Figures = field(default_factory=Figures)


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
    """How good a model is, and why it must not be published, if so."""

    metrics: Figures
    reasons: Sequence[str] = ()
