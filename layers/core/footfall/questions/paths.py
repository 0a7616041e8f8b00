"""The question which ways sessions take: how many go from where to where, step by step, as a Sankey diagram shows."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, Field

from footfall.dimensions import LONGEST
from footfall.errors import FieldProblem, Invalid
from footfall.paths.links import Followed, Link, Node, Walk, flow, followed
from footfall.questions.added_up import AddedUp
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.table import Table
from footfall.questions.visited import VisitedQuestion, Visits, visits
from footfall.rollups import Rollups, rollups_of
from footfall.stores.mongo import answering

MOST_LINKS = 10
MOST_NODES = 30
MOST_SESSIONS = 25_000_000
"""Of so many sessions the steps are kept until all are there: which nodes are told apart goes by all of them."""
OTHER = "other"


class PathsQuestion(VisitedQuestion):
    """From where, or to where, how far and how wide."""

    from_page: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST,
        description="Where paths begin, by what `nodes` are: the first time that a session is there. Without it, and"
        " without `to_page`, paths begin with the session",
        examples=["product"],
    )
    to_page: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST,
        description="Instead, where they lead, followed back from the first time that a session is there",
        examples=["payment"],
    )
    depth: int = Field(default=5, ge=1, le=MOST_LINKS, description="How many steps are followed")
    top: int = Field(
        default=10, ge=1, le=MOST_NODES, description="How many nodes of each step are told apart; the rest is `other`"
    )

    def walk(self, visited: Visits) -> Walk:
        """Returns which way journeys are followed."""
        node = self.from_page or self.to_page
        other = len(visited.texts)
        return Walk(self.depth, self.top, other, visited.named(node) if node else None, back=self.to_page is not None)


class PathNode(BaseModel):
    """What was visited at one step: `sessions` = those of all links that lead on from here + `ended` + `beyond`."""

    step: int = Field(description="How many steps after the beginning of the path; with `to_page`, before its end")
    name: str = Field(description="The page, or event; `other` for all that are not told apart", examples=["search"])
    sessions: int = Field(description="Sessions that were here at this step", examples=[412])
    users: int = Field(description="The people of these sessions", examples=[377])
    ended: int = Field(description="Sessions that end here; with `to_page`, that begin here")
    beyond: int = Field(description="Sessions that go on from the last step; with `to_page`, that come from before it")


class PathLink(BaseModel):
    """How many went from one node to the next."""

    step: int = Field(
        description="Which link of the path, from 1; with `to_page` counted back from its end", examples=[1]
    )
    source: str = Field(description="Where they came from", examples=["home"])
    target: str = Field(description="Where they went next", examples=["search"])
    sessions: int = Field(description="Sessions that did", examples=[301])
    users: int = Field(description="The people of these sessions", examples=[280])


class PathsAnswer(RangeAnswer):
    """The ways that sessions which began in the range take in it. The same step again and again is one.

    Every session has one path. What comes to a node goes on, ends there, or goes on beyond the last step.
    """

    sessions: int = Field(description="Sessions that have a path", examples=[2868])
    users: int = Field(description="The people of these sessions", examples=[598])
    nodes: list[PathNode] = Field(description="By step, the largest first")
    links: list[PathLink] = Field(description="By step, the largest first")


@answering()
def answer(site_id: str, question: PathsQuestion) -> PathsAnswer:
    """Returns the paths; raises NotFound, Unavailable, or Invalid, also for too many events."""
    if question.from_page and question.to_page:
        raise Invalid([FieldProblem("to_page", "give either `from_page` or `to_page`")])
    with rollups_of(site_id) as rollups:
        return ADDED_UP.answer(rollups, question)


def _about_nobody(rollups: Rollups, question: PathsQuestion) -> PathsAnswer:
    range_ = Range.of(question.days_of(rollups))
    return PathsAnswer(range=range_, complete_to=rollups.received_to, sessions=0, users=0, nodes=[], links=[])


def _sums(rollups: Rollups, question: PathsQuestion) -> Table:
    # by the steps and the person: how many sessions
    visited = visits(rollups, question, "session")
    found = followed(visited.journeys, question.walk(visited))
    return Table.of(visited.texts, found.columns, [found.people], [np.ones(len(found.people), np.int64)])


def _answered(question: PathsQuestion, about_nobody: PathsAnswer, sums: Table) -> PathsAnswer:
    if (sessions := int(sums.sums.sum())) > MOST_SESSIONS:
        raise Invalid([FieldProblem("from", f"more than {MOST_SESSIONS:,} sessions have a path; ask for fewer days")])
    each = np.repeat(np.arange(len(sums)), sums.sums[0])
    walk = Walk(question.depth, question.top, len(sums.texts), back=question.to_page is not None)
    found, texts = flow(Followed(list(sums.codes[:, each]), sums.numbers[0, each]), walk), [*sums.texts, OTHER]
    return about_nobody.model_copy(
        update={
            "sessions": sessions,
            "users": found.people,
            "nodes": [_node(node, texts) for node in found.nodes],
            "links": [_link(link, texts, back=walk.back) for link in found.links],
        }
    )


def _node(node: Node, texts: Sequence[str]) -> PathNode:
    return PathNode(
        step=node.step,
        name=texts[node.node],
        sessions=node.journeys,
        users=node.people,
        ended=node.ended,
        beyond=node.beyond,
    )


def _link(link: Link, texts: Sequence[str], *, back: bool) -> PathLink:
    # of a path that is followed back, the later node comes first
    source, target = (link.target, link.source) if back else (link.source, link.target)
    return PathLink(
        step=link.step + 1,
        source=texts[source],
        target=texts[target],
        sessions=link.journeys,
        users=link.people,
    )


ADDED_UP = AddedUp(PathsQuestion, PathsAnswer, Table, _about_nobody, _sums, _answered)
