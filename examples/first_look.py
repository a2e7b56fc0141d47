"""A first look at ResNet-50: the paper's Table 1, a diagram and a report.

Run it as `python examples/first_look.py [FOLDER]`; the files go to FOLDER, which is
`first_look` if left out.
"""

import os
import shutil
import sys
from pathlib import Path

import resviz

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "first_look")
folder.mkdir(exist_ok=True)

arch = resviz.trace("resnet50")
resviz.diagram(arch).save(folder / "resnet50.svg")
resviz.report(arch, folder / "resnet50.html")

width = shutil.get_terminal_size((120, 40)).columns
try:
    print(resviz.table().render("text", width=width))
    print(f"now open {folder / 'resnet50.svg'} and {folder / 'resnet50.html'}")
    sys.stdout.flush()
except BrokenPipeError:  # who reads wanted no more, as `head` does
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
