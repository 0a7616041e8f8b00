"""Many lives one after the other, and what differed in them: by kind of figure, each with the smallest life."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.oracle.compare import Difference
from tests.oracle.life import Life
from tests.oracle.lives import lives
from tests.oracle.product import Product
from tests.oracle.smallest import smallest
from tests.oracle.trial import live


@dataclass
class Finding:
    """A kind of figure that differed: in how many lives, the one of fewest events, and where in it."""

    difference: Difference
    life: Life
    lives: int = 1


@dataclass
class Findings:
    """What a number of lives came to."""

    lives: int = 0
    events: int = 0
    figures: int = 0
    found: dict[str, Finding] = field(default_factory=dict)

    def add(self, other: "Findings") -> None:
        """Count what other lives came to as well."""
        self.lives += other.lives
        self.events += other.events
        self.figures += other.figures
        for kind, finding in other.found.items():
            known = self.found.setdefault(kind, replace(finding, lives=0))
            if len(finding.life.told) < len(known.life.told):
                known.life, known.difference = finding.life, finding.difference
            known.lives += finding.lives


def try_lives(product: Product, number: int, first_seed: int) -> Findings:
    """Returns what so many lives came to; the same seed, the same lives."""
    findings = Findings()

    @seed(first_seed)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(lives())
    def try_life(life: Life) -> None:
        findings.add(_tried(product, life))

    try_life()
    return findings


def _tried(product: Product, life: Life) -> Findings:
    comparison = live(product, life)
    found: dict[str, Finding] = {}
    for difference in comparison.differences:
        found.setdefault(difference.kind, Finding(difference, life))
    return Findings(1, len(life.told), comparison.figures, found)


def told_smallest(product: Product, findings: Findings, most: int) -> Iterator[tuple[Finding, list[str]]]:
    """Yields a finding with the smallest life that shows it, and what else differs there; not more than `most`.

    Kinds that differ in such a life are not looked for any further: they mostly have one cause.
    """
    explained: set[str] = set()
    for kind, finding in sorted(findings.found.items(), key=lambda each: len(each[1].life.told)):
        if kind in explained:
            continue
        if not most:
            return
        most -= 1
        smaller = _smallest(product, finding)
        others = set(_tried(product, replace(smaller.life, questions=finding.life.questions)).found) - {kind}
        explained |= others | {kind}
        yield smaller, sorted(others)


def _smallest(product: Product, finding: Finding) -> Finding:
    kind = finding.difference.kind

    def differs(life: Life) -> bool:
        return kind in _tried(product, life).found

    asked = replace(finding.life, questions=(finding.difference.question,))
    life = smallest(asked if differs(asked) else finding.life, differs)
    shown = _tried(product, life).found.get(kind, finding)
    return replace(finding, life=life, difference=shown.difference)
