"""The model `churn`: how likely customers are not to buy within a horizon, and what says so."""

from collections.abc import Iterator

from footfall.models.trained import Files, Fit, Judgement, Trained
from footfall.schemas.customer import CHURN_FEATURES, ChurnFields, ChurnReason, RiskLevel

LEAK = 0.95
"""An area under the ROC curve above this is no forecast: what came after the cut-off is among the features."""
LEVELS: tuple[RiskLevel, ...] = ("low", "medium", "high")


def fit(extracted: Files) -> Fit:
    """Returns every customer's chance of churn, and how good such chances were on the latest day that tells."""
    from footfall.models.churn_chances import found  # fit alone has scikit-learn in its layers

    chances = found(extracted["trade"], len(extracted["features"]["customer"]))
    return Fit(work={"chances": chances.arrays}, details={"churn": chances.details}, figures={"churn": chances.figures})


def judge(trained: Trained) -> Judgement:
    """Returns how good the chances are; those that are too good fail the run."""
    found = trained.figures["churn"]
    metrics = found if isinstance(found, dict) else {}
    area = metrics.get("auc")
    leaks = isinstance(area, float) and area > LEAK
    reason = f"churn is told too well to be a forecast: the area under the ROC curve is {area}, above {LEAK}"
    return Judgement(metrics, [reason] if leaks else [])


def fields(trained: Trained) -> Iterator[ChurnFields]:
    """Returns each customer's chance of churn, with its level and what moves it most."""
    arrays = trained.work["chances"]
    named = zip(*(arrays[name].tolist() for name in ("chance", "level", "feature", "value", "effect")), strict=True)
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
