"""A mypy plugin: `document.get("field")` of a TypedDict that has not that field is an error, as `document["field"]` is.

mypy by itself takes such a call for an `object`, which a condition or a comparison accepts in silence.
"""

from collections.abc import Callable

from mypy.errorcodes import TYPEDDICT_ITEM
from mypy.nodes import StrExpr
from mypy.plugin import MethodContext, Plugin
from mypy.plugins.default import typed_dict_get_callback
from mypy.types import Type, TypedDictType, get_proper_type


class TypedGet(Plugin):
    """Looks at every call of `get` on a mapping."""

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Returns what checks a call, or None for any other method."""
        return _checked if fullname == "typing.Mapping.get" else None


def _checked(context: MethodContext) -> Type:
    document = get_proper_type(context.type)
    field = context.args[0][0] if context.args and context.args[0] else None
    if isinstance(document, TypedDictType) and isinstance(field, StrExpr) and field.value not in document.items:
        name = document.fallback.type.name
        context.api.fail(f'TypedDict "{name}" has no key "{field.value}"', context.context, code=TYPEDDICT_ITEM)
    return typed_dict_get_callback(context)


def plugin(version: str) -> type[Plugin]:  # noqa: ARG001 - mypy gives it
    """Returns the plugin's class, as mypy asks for it."""
    return TypedGet
