"""The model `recommendations`: a walk over who bought and viewed what, tried on what was bought later."""

from footfall.models.trained import Files, Fit, Judgement, Trained


def fit(extracted: Files) -> Fit:
    """Returns the lists to publish, and how good they are beside what is popular; the same edges give the same lists.

    A shop too small, or one where the walk is no better than popularity, has no lists of people: `details` say why.
    """
    from footfall.recommendations.edges import edges_of  # fit alone has scipy in its layers
    from footfall.recommendations.fitting import fitted

    edges = edges_of(extracted["products"])
    found = fitted(edges, extracted["baskets"])
    sizes = {"products": edges.products, "edges": len(edges.person), "pairs": len(found.lists["pairs"]["product"])}
    return Fit(
        work=found.lists, details={"walk": found.settings.told(found.degraded)}, figures={**found.figures, **sizes}
    )


def judge(trained: Trained) -> Judgement:
    """Returns the figures of the fit; nothing is held against them, since a walk that is no good is not used."""
    return Judgement(trained.figures)
