"""Changes that cosmic-ray has no operator for: what a fold or a guard can lose without a test that notices.

They have the two methods that cosmic-ray asks of an operator, on parso's nodes.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

Position = tuple[int, int]
SWAPPED = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "in": "not in",
    '"$min"': '"$max"',
    '"$max"': '"$min"',
    '"$lt"': '"$lte"',
    '"$lte"': '"$lt"',
    '"$gt"': '"$gte"',
    '"$gte"': '"$gt"',
    '"$in"': '"$nin"',
    '"$nin"': '"$in"',
}


class Node(Protocol):
    """A node of parso's tree; leaves alone have a `value`, and the others `children`."""

    type: str
    value: str
    parent: "Node"
    children: list["Node"]
    start_pos: Position
    end_pos: Position


class Operator:
    """One kind of change; a subclass says where a node can be changed, and how."""

    def places(self, node: Node) -> Sequence[int]:
        """Returns a number for each change that this node can undergo, mostly the index of a child."""
        raise NotImplementedError

    def change(self, node: Node, place: int) -> None:
        """Change the node in one of those places."""
        raise NotImplementedError

    def mutation_positions(self, node: Node) -> Iterable[tuple[Position, Position]]:
        """Returns where each change would be, as cosmic-ray asks it."""
        return [(node.start_pos, node.end_pos)] * len(self.places(node))

    def mutate(self, node: Node, index: int) -> Node:
        """Returns the node, changed in the place of this index."""
        self.change(node, self.places(node)[index])
        return node


class Swap(Operator):
    """`any` for `all`, `min` for `max`, `in` for `not in`, and conditions of MongoDB likewise."""

    def places(self, node: Node) -> Sequence[int]:
        """Returns one place for a word that has a counterpart."""
        swapped = node.type in ("name", "string", "keyword") and node.value in SWAPPED
        return [0] if swapped and (node.value != "in" or node.parent.type == "comparison") else []

    def change(self, node: Node, place: int) -> None:
        """Put the counterpart in the word's place."""
        node.value = SWAPPED[node.value]


class DropStatement(Operator):
    """A call for what it does, a deletion, or `+=`, is left out."""

    def places(self, node: Node) -> Sequence[int]:
        """Returns one place for such a statement."""
        return [0] if node.type == "simple_stmt" and _acts(node.children[0]) else []

    def change(self, node: Node, place: int) -> None:
        """Make the statement one that does nothing."""
        statement = node.children[0]
        first = statement.children[0]
        while first.type != "name" and hasattr(first, "children"):
            first = first.children[0]
        first.value = "pass"
        statement.children[:] = [first]


def _acts(statement: Node) -> bool:
    if statement.type == "expr_stmt":
        return statement.children[1].type == "operator" and statement.children[1].value in ("+=", "|=")
    return statement.type in ("atom_expr", "del_stmt")


class DropEntry(Operator):
    """An entry of a dictionary or list, or a named argument, is left out."""

    def places(self, node: Node) -> Sequence[int]:
        """Returns which entries can be left out, by their number among the node's."""
        if node.type not in ("dictorsetmaker", "testlist_comp", "arglist"):
            return []
        entries = _entries(node)
        named = node.type != "arglist"
        return [at for at, entry in enumerate(entries) if len(entries) > 1 and (named or entry[0].type == "argument")]

    def change(self, node: Node, place: int) -> None:
        """Leave an entry out, with its comma."""
        gone = _entries(node)[place]
        node.children[:] = [child for child in node.children if not any(child is one for one in gone)]


def _entries(node: Node) -> list[list[Node]]:
    entries: list[list[Node]] = [[]]
    for child in node.children:
        entries[-1].append(child)
        if child.type == "operator" and child.value == ",":
            entries.append([])
    return [entry for entry in entries if entry]


class DropFilter(Operator):
    """The last `if` of a comprehension is left out."""

    def places(self, node: Node) -> Sequence[int]:
        """Returns one place for a comprehension with an `if`."""
        return [0] if node.type == "sync_comp_for" and node.children[-1].type == "comp_if" else []

    def change(self, node: Node, place: int) -> None:
        """Leave the condition out."""
        del node.children[-1]


class DropBound(Operator):
    """A bound of a slice is left out."""

    def places(self, node: Node) -> Sequence[int]:
        """Returns the bounds by their place among the children."""
        if node.type != "subscript":
            return []
        return [at for at, child in enumerate(node.children) if child.type != "operator" or child.value != ":"]

    def change(self, node: Node, place: int) -> None:
        """Leave the bound out."""
        del node.children[place]


OURS: tuple[Operator, ...] = (Swap(), DropStatement(), DropEntry(), DropFilter(), DropBound())
