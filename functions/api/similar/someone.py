"""Somebody, as far as it takes to say what two people have in common."""

from dataclasses import dataclass, field

from footfall.customers.profile import Profile, in_common, read
from footfall.schemas.similar import SharedBehaviour, SimilarPerson


@dataclass(frozen=True)
class Someone:
    """A person's device, segments (empty for who is no customer) and what they are interested in."""

    person_id: str
    device: str
    rfm_segment: str = ""
    behaviour_segment: str = ""
    profile: Profile = field(default_factory=Profile)

    @classmethod
    def of_row(cls, person_id: str, texts: dict[str, str]) -> "Someone":
        """Who a vector's row is of."""
        return cls(person_id, texts["device"], texts["rfm_segment"], texts["behaviour_segment"], read(texts["profile"]))

    def beside(self, other: "Someone", similarity: float | None) -> SimilarPerson:
        """The other as somebody who is like this one."""
        common = in_common(self.profile, other.profile)
        return SimilarPerson.model_validate(
            {
                "user_id": other.person_id,
                "similarity": similarity,
                "device": other.device,
                "rfm_segment": other.rfm_segment or None,
                "behaviour_segment": other.behaviour_segment or None,
                "shared": SharedBehaviour(
                    pages=common.pages,
                    products=common.products,
                    device=self.device == other.device != "Other",
                    rfm_segment=_same(self.rfm_segment, other.rfm_segment),
                    behaviour_segment=_same(self.behaviour_segment, other.behaviour_segment),
                ),
            }
        )


def _same(one: str, other: str) -> str | None:
    return one if one and one == other else None
