"""A network whose every module, class and path is syntax in one format or another."""

from __future__ import annotations

from functools import cache

import msgspec

import resviz

NAMES = (
    "<script>alert(1)</script>", "</svg>", "]]> <!-- -->", "&lt;b&gt; &#60;",
    "\"quotes\" and 'single'", '"];', r"back\slash \N \G \end{document}", "\\",
    "$%&#_{}~^", "^^M", "%", "|pipe|cell|", "`tick` ```fence```", "**b** _c_ ~~d~~",
    "[a](b)", "]", "*", "-", "+ item", "12) item", "1) ", "# head", "    code", "---",
    "http://x/y www,z a@b", "<!-- /resviz -->", "{{ 7*7 }}{% x %}", "end", "graph",
    "--> A", "=1+1", "@SUM(A1)", "two\nlines\r\ttab", "nul\x00 bell\x07 esc\x1b[31m",
    "\u202eover\u2066ride\u2028", "emoji 🦊 e\u0301 日本 \ue000", "x" * 200, " ",
    "so\u00adft \u061cmark \u180e \U000e0041\U000e007f \u3164", "\uff1d1+1",
    "\ufe661+1",
)  # fmt: skip
"""Names; the dot alone is missing, which no module's name may hold."""

SOURCE = f'''
"""Written by tests.hostile."""

import torch
from torch import nn

NAMES = {NAMES!a}


def typed(name, base, **body):
    """An object's class, which may be called anything but a NUL."""
    return type(name.replace(chr(0), "?"), (base,), body)


def forward(self, x):
    conv, norm, down = self._modules.values()
    return torch.relu(norm(conv(x)) + down(x))


def block(name):
    """A block whose three layers bear the name, and so does it."""
    made = typed(name, nn.Module, forward=forward)()
    made.add_module(name, nn.Conv2d(4, 4, 3, padding=1))
    made.add_module(name + "2", typed(name, nn.BatchNorm2d)(4))
    made.add_module(name + "3", nn.Conv2d(4, 4, 1))
    return made


def build(names=NAMES):
    """A stem, a block for each name, and a head."""
    net = typed(names[0], nn.Sequential)()
    net.add_module(names[0] + "0", nn.Conv2d(3, 4, 3, padding=1))
    for name in names:
        net.add_module(name, block(name))
    net.add_module(names[0] + "8", nn.AdaptiveAvgPool2d(1))
    net.add_module(names[0] + "9", nn.Flatten())
    return net
'''
"""A file that builds the network, for those who read it from one."""


@cache
def tree():
    """The record of the network with all names; its title is the first."""
    return traced(NAMES)


@cache
def titled(name: str):
    """The record of a network of one block, where all is called alike."""
    return traced((name,))


def traced(names):
    """The record of the network with some names."""
    made = {"__name__": "hostile"}
    exec(SOURCE, made)
    arch = resviz.trace(made["build"](names), (3, 16, 16))
    return msgspec.structs.replace(arch, name=names[0], title=names[0])


@cache
def harmless():
    """The record of the same network with names that are words."""
    return traced(
        tuple(f"block{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(len(NAMES)))
    )
