"""Questions a shop asks: one module each, with its parameters, its answer, and `answer(site_id, question)`.

Whoever asks does it alike, over HTTP, in a job or at a terminal:

    from footfall.questions import funnel

    found = funnel.answer("demo", funnel.FunnelQuestion(breakdown=["device"]))

The parameters (`…Question`) and the answer are pydantic models; a question that has none is `answer(site_id)`. `answer`
opens the stores that it needs, looks into the cache where the question says so (`cache.cached`), and raises errors of
`footfall.errors` alone: Invalid, naming the parameter; NotFound for a site or person that is not there; Unavailable
when a store does not answer. Nothing here knows HTTP. Only `funnel…` needs numpy, and only `similar` pymilvus.
"""
