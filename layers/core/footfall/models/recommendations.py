"""The model `recommendations`: a walk over who bought and viewed what, tried on what was bought later."""

from typing import TYPE_CHECKING

from footfall.models.trained import Champion, Files, Fit, Judgement, Trained

if TYPE_CHECKING:
    from footfall.recommendations.edges import Edges
    from footfall.recommendations.fitting import Fitted


def fit(extracted: Files) -> Fit:
    """Returns the lists to publish, and how good they are beside what is popular; the same edges give the same lists.

    A shop too small, or one where the walk is no better than popularity, has no lists of people: `details` say why.
    """
    from footfall.recommendations.edges import edges_of  # fit alone has scipy in its layers
    from footfall.recommendations.fitting import fitted

    edges = edges_of(extracted["products"])
    return _made(edges, fitted(edges, extracted["baskets"]))


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns the lists that the champion's settings make, and how good they are beside what is popular."""
    from footfall.recommendations.edges import edges_of
    from footfall.recommendations.fitting import fitted_again
    from footfall.recommendations.walk import Settings

    edges, walk = edges_of(extracted["products"]), champion.details["walk"]
    return _made(edges, fitted_again(edges, extracted["baskets"], Settings.of(walk)))


def _made(edges: "Edges", found: "Fitted") -> Fit:
    sizes = {"products": edges.products, "edges": len(edges.person), "pairs": len(found.lists["pairs"]["product"])}
    return Fit(
        work=found.lists, details={"walk": found.settings.told(found.degraded)}, figures={**found.figures, **sizes}
    )


def judge(trained: Trained) -> Judgement:
    """Returns the figures of the fit; nothing is held against them, since a walk that is no good is not used."""
    return Judgement(trained.figures)
