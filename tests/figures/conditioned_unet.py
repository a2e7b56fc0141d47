"""A U-Net of a diffusion model: every block reads a time, every one has a skip."""

import torch
from torch import nn
from torch.nn import functional as F

WIDTH = 8
"""Channels of the first level, and of the time."""


class TimedBlock(nn.Module):
    """A residual block that a time scales and shifts."""

    def __init__(self, inside, outside, *, resize=1.0):
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, padding=1)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        self.time = nn.Linear(WIDTH, 2 * outside)
        self.side = nn.Conv2d(inside, outside, 1)
        self.resize = resize

    def forward(self, x, time):
        if self.resize != 1:
            x = F.interpolate(x, scale_factor=self.resize)
        scale, shift = self.time(time)[:, :, None, None].chunk(2, 1)
        return self.side(x) + self.second(F.silu(self.first(x) * scale + shift))


class ConditionedUNet(nn.Module):
    """So many blocks at each of some levels, down and up."""

    def __init__(self, levels=4, blocks=3):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(1, WIDTH), nn.SiLU())
        self.begin = nn.Conv2d(3, WIDTH, 3, padding=1)
        kept, width = [WIDTH], WIDTH
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level in range(levels):
            for number in range(blocks):
                resize = 0.5 if level and number == 0 else 1.0
                after = WIDTH * (level + 1)
                self.down.append(TimedBlock(width, after, resize=resize))
                kept.append(width := after)
        for level in reversed(range(levels)):
            for number in range(blocks):
                resize = 2.0 if level and number == blocks - 1 else 1.0
                after = WIDTH * (level + 1)
                self.up.append(TimedBlock(width + kept.pop(), after, resize=resize))
                width = after

    def forward(self, x, time):
        time, kept = self.embed(time), []
        x = self.begin(x)
        for block in self.down:
            x = block(x, time)
            kept.append(x)
        for block in self.up:
            x = block(torch.cat([x, kept.pop()], 1), time)
        return x
