"""jobs/answer: answers questions too big for one call, of parts of the people; the one writer of `jobs`.

api/funnel and api/metrics have it `ask`, api/jobs `poll` and `cancel`; infra/answering.asl.yaml `begin`, each `part`,
`fold` and `fail`.
"""

from collections.abc import Callable, Mapping

from footfall.aws.invocations import LambdaContext
from footfall.observability import telling_codes
from footfall.schemas.job import AskedQuestion, JobMessage
from footfall.stores.mongo import answering

from .asking import ask, cancel, poll
from .working import Failure, Parts, Run, Work, begin, fail, fold, part

Event = Mapping[str, object]
STEPS: Mapping[str, Callable[[Event], Event]] = {
    "ask": lambda event: ask(AskedQuestion.model_validate(event)),
    "poll": lambda event: poll(JobMessage.model_validate(event)),
    "cancel": lambda event: cancel(JobMessage.model_validate(event)),
    "begin": lambda event: begin(Run.model_validate(event)),
    "part": lambda event: part(Work.model_validate(event)),
    "fold": lambda event: fold(Parts.model_validate(event)),
    "fail": lambda event: fail(Failure.model_validate(event)),
}


@telling_codes
def handler(event: Event, context: LambdaContext) -> dict[str, object]:
    """Do one step of a job; returns what its caller or the next step needs."""
    with answering():
        return dict(STEPS[str(event["step"])](event))
