"""The nearest people, from vectors while there are any, else from what MongoDB knows."""

from collections.abc import Mapping
from typing import Literal

from footfall.errors import NotFound, Unavailable
from footfall.questions.cache import remember
from footfall.schemas.similar import SimilarAnswer
from footfall.settings import VectorSearchSettings, from_environment
from footfall.stores import vectors
from footfall.stores.keys import similar_users_key
from footfall.stores.vectors import PEOPLE, equal

from . import queries
from .question import SimilarQuestion
from .someone import Someone


class NoVector(Exception):
    """Raised for a person who has done nothing that a published model has seen."""


def similar_to(site_id: str, user_id: str, question: SimilarQuestion) -> SimilarAnswer:
    """People who behave like this person; raises NotFound where the site has never seen them.

    An answer from vectors is remembered, by the model's version; a degraded one is not.
    """
    someone = queries.person(site_id, user_id)
    if someone is None:
        raise NotFound("nobody of that id was ever seen")
    conditions = queries.segment_condition(site_id, question)
    key = similar_users_key(site_id, someone.person_id, queries.version(site_id), question.model_dump_json())
    try:
        return remember(key, SimilarAnswer, lambda: _nearest(site_id, someone.person_id, question, conditions))
    except Unavailable:
        reason: Literal["vector_store_unavailable", "no_vector_yet"] = "vector_store_unavailable"
    except NoVector:
        reason = "no_vector_yet"
    others = queries.of_the_same_kind(site_id, someone, question.limit, conditions)
    similar = [someone.beside(other, None) for other in others]
    return SimilarAnswer(user_id=someone.person_id, similar=similar, degraded=True, reason=reason)


def _nearest(site_id: str, person_id: str, question: SimilarQuestion, conditions: Mapping[str, str]) -> SimilarAnswer:
    own = vectors.row_of(PEOPLE, site_id, person_id)
    if own is None:
        raise NoVector
    someone = Someone.of_row(person_id, own.texts)
    where = " and ".join(equal(field, value) for field, value in conditions.items())
    probes = from_environment(VectorSearchSettings).milvus_nprobe
    found = vectors.nearest(PEOPLE, site_id, own.vector, question.limit + 1, where, probes)
    similar = [
        someone.beside(Someone.of_row(each.subject, each.texts), round(each.similarity, 4))
        for each in found
        if each.subject != person_id and each.similarity >= question.min_score
    ]
    return SimilarAnswer(user_id=person_id, similar=similar[: question.limit], degraded=False, version=own.version)
