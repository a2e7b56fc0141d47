"""Tables of rules, one function for some operations, and none for the same twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Rule = TypeVar("Rule")


def make_rule_decorator(
    rules: dict[Any, Rule], kind: str, *others: Collection[Any]
) -> Callable[..., Callable[[Rule], Rule]]:
    """A decorator that enters a function into `rules`, for the operations it names.

    Args:
        rules: the table, by operation.
        kind: what it is a rule of, for the message.
        others: operations that need no rule, and may have none.

    Raises:
        RuntimeError: when it decorates, if one of the operations has a rule already.

    Example:
        >>> rules = {}
        >>> rule = make_rule_decorator(rules, "rule of sides")
        >>> @rule("square", "rhombus")
        ... def four(): ...
        >>> sorted(rules)
        ['rhombus', 'square']
    """

    def rule(*names: Any) -> Callable[[Rule], Rule]:
        def register(function: Rule) -> Rule:
            for name in names:
                if name in rules or any(name in free for free in others):
                    raise RuntimeError(f"{name}: a second {kind}")
                rules[name] = function
            return function

        return register

    return rule
