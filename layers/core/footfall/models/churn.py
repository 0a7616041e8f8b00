"""The model `churn`: how likely customers are not to buy within a horizon, and what says so."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from footfall.models.trained import Champion, Files, Fit, Judgement, Trained
from footfall.schemas.customer import CHURN_FEATURES, ChurnFields, ChurnReason, RiskLevel
from footfall.schemas.model import Figures

if TYPE_CHECKING:
    from footfall.models.churn_chances import Chances

LEAK = 0.95
"""An area under the ROC curve above this is no forecast: what came after the cut-off is among the features."""
LEVELS: tuple[RiskLevel, ...] = ("low", "medium", "high")


def fit(extracted: Files) -> Fit:
    """Returns every customer's chance of churn, and how good such chances were on the latest day that tells."""
    from footfall.models.churn_chances import found  # fit alone has scikit-learn in its layers

    return _made(found(extracted["trade"], len(extracted["features"]["customer"])))


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns every customer's chance of churn by the champion, and how good it is on the latest day that tells."""
    from footfall.models.churn_chances import found_again

    customers = len(extracted["features"]["customer"])
    return _made(found_again(extracted["trade"], customers, champion.parameters, champion.details["churn"]))


def _made(chances: "Chances") -> Fit:
    return Fit(
        work={"chances": chances.arrays},
        details={"churn": chances.details},
        figures={"churn": chances.figures},
        parameters=chances.parameters,
    )


def judge(trained: Trained) -> Judgement:
    """Returns how good the chances are; those that are too good to be true are held against them."""
    found = trained.figures["churn"]
    metrics: Figures = found if isinstance(found, dict) else {}
    area = metrics.get("auc")
    leaks = isinstance(area, float) and area > LEAK
    reason = f"churn is told too well to be a forecast: the area under the ROC curve is {area}, above {LEAK}"
    return Judgement(metrics, [reason] if leaks else [])


def fields(trained: Trained, those: slice) -> Iterator[ChurnFields]:
    """Returns the chance of churn of each of some customers, with its level and what moves it most."""
    arrays = trained.work["chances"]
    columns = (arrays[name][those].tolist() for name in ("chance", "level", "feature", "value", "effect"))
    named = zip(*columns, strict=True)
    for chance, level, features, values, effects in named:
        yield ChurnFields(
            churn_probability=None if chance != chance else round(chance, 4),
            churn_risk_level=LEVELS[level],
            churn_reasons=[
                ChurnReason(feature=CHURN_FEATURES[feature], value=round(value, 2), effect=round(effect, 3))
                for feature, value, effect in zip(features, values, effects, strict=True)
                if effect
            ],
        )
