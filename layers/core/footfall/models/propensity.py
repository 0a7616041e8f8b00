"""The model `propensity`: how likely a session in progress is to lead to an order, told from its first events."""

from typing import TYPE_CHECKING

from footfall.models.trained import Champion, Files, Fit, Judgement, Trained

if TYPE_CHECKING:
    from footfall.models.propensity_scorers import Learnt


def fit(extracted: Files) -> Fit:
    """Returns the scorers that are better than their baselines, and how good each was on the latest sessions."""
    from footfall.models.propensity_scorers import found  # fit alone has scikit-learn in its layers

    return _made(found(extracted["sessions"]))


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns the champion's scorers, and how good each is on the latest sessions."""
    from footfall.models.propensity_scorers import found_again

    return _made(found_again(extracted["sessions"], champion.details["propensity"]))


def _made(learnt: "Learnt") -> Fit:
    return Fit(work={}, details={"propensity": learnt.details}, figures={"propensity": learnt.figures})


def judge(trained: Trained) -> Judgement:
    """Returns how good the scorers are. Nothing is held against them: those that were no better are left out."""
    found = trained.figures["propensity"]
    return Judgement(found if isinstance(found, dict) else {})
