"""Any module that takes one tensor: its layers, and its block as a picture."""

from torch import nn

import resviz


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.way = (
            nn.Conv2d(channels, width, 1, stride) if stride > 1 else nn.Identity()
        )

    def forward(self, x):
        """Body plus way, then ReLU."""
        return nn.functional.relu(self.body(x) + self.way(x))


model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), Block(16, 16, 1), Block(16, 32, 2), Block(32, 32, 1)
)
arch = resviz.trace(model, (3, 32, 32))
print(resviz.summary(arch))
print(resviz.shortcuts(arch))
resviz.diagram(arch, "block", at="conv3_1").save("my_block.svg")
