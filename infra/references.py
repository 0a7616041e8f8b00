"""References of CloudFormation, as YAML writes them."""

import yaml


class Ref(str):
    """A reference to a parameter or a resource."""

    __slots__ = ()


class Dumper(yaml.SafeDumper):
    """Writes references with CloudFormation's short tag, and every value in full."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is YAML's
        """Returns that no value is an alias of an equal one before it."""
        return True


Dumper.add_representer(Ref, lambda dumper, ref: dumper.represent_scalar("!Ref", ref))
