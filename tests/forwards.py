"""Models whose forward is a function that a test writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable


class Function(nn.Module):
    """A model whose forward is a function of its input alone."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Forward(nn.Module):
    """A model whose forward is a function of itself, with its parts, and its input."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


class AnyForward(Forward):
    """The same with whatever arguments there are, which have no names of their own."""

    def forward(self, *args, **kwargs):
        return self.function(self, *args, **kwargs)
