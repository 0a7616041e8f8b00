"""Which candidate of a model is published: the champion stays unless the challenger is better on the same data."""

from collections.abc import Iterator
from typing import NamedTuple

from footfall.errors import Unavailable
from footfall.models.table import MODELS, trained
from footfall.models.trained import Decisive, Judgement
from footfall.observability import logger
from footfall.schemas.model import AllFitted, Candidate, Choice, Chosen, Figures, Fitted, ModelName


class Judged(NamedTuple):
    """A candidate and what was found of it."""

    candidate: Candidate
    judgement: Judgement


def choose(run: AllFitted, fitted: Fitted) -> Chosen:
    """Returns what is published of one model, and why its challenger is not, if so.

    A challenger that nothing is held against takes the champion's place if the figure that decides is better on the
    latest window. Where one of the two has no such figure, too little is known to hold on to the champion. A champion
    goes on serving whatever is held against it now, unless what was extracted cannot be right.
    """
    problems = [*fitted.problems]
    new, old = (_judged(run, fitted.model, each, problems) for each in (fitted.challenger, fitted.champion))
    if old and old.judgement.wrong_data:
        old = None
    decides = MODELS[fitted.model].decides
    ours, theirs = _figure(decides, new), _figure(decides, old)
    against = [*(new.judgement.reasons if new else ()), *_no_better(decides, ours, theirs)]
    promoted = None if against else new
    published = promoted or old
    choice = Choice(
        published="challenger" if promoted else "champion" if old else None,
        reasons=[*problems, *against],
        figure=decides.figure if decides else None,
        challenger=ours,
        champion=theirs,
    )
    return Chosen(
        model=fitted.model,
        choice=choice,
        published=published.candidate if published else None,
        metrics=_metrics(published),
        withheld=new.candidate if new and not promoted else None,
        withheld_metrics=Figures() if promoted else _metrics(new),
    )


def _judged(run: AllFitted, model: ModelName, candidate: Candidate | None, problems: list[str]) -> Judged | None:
    if candidate is None:
        return None
    try:
        return Judged(candidate, MODELS[model].judge(trained(run, candidate)))
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - it keeps no other model from being published
        logger().exception("a model cannot be judged", extra={"model": model})
        which = "it" if candidate.restores is None else "the model in use"
        problems.append(f"{which} could not be judged: {type(error).__name__}: {error}")
        return None


def _metrics(judged: Judged | None) -> Figures:
    return judged.judgement.metrics if judged else Figures()


def _figure(decides: Decisive | None, judged: Judged | None) -> float | None:
    return decides.of(judged.judgement.metrics) if decides and judged else None


def _no_better(decides: Decisive | None, ours: float | None, theirs: float | None) -> Iterator[str]:
    if decides and ours is not None and theirs is not None and not decides.is_better(ours, theirs):
        yield f"it is no better than the model in use on the latest window: {decides.figure} {ours} against {theirs}"
