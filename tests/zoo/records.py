"""Records of timm's models that the gallery shows: makes them anew.

`python -m tests.zoo.records`, with the packages of .ci/zoo.txt; a name adds one.
"""

import gzip
import sys
from pathlib import Path

from msgspec import structs

import resviz

from . import packages

FOLDER = Path(__file__).parents[2] / "docs" / "records"

ENDING = ".json.gz"


def names() -> list[str]:
    """The models that are kept."""
    return sorted(path.name.removesuffix(ENDING) for path in FOLDER.glob(f"*{ENDING}"))


def record(name: str) -> str:
    """One model's record, traced now; which build of torch it was is left out."""
    packages.ready()
    arch = resviz.trace(f"timm:{name}")
    release = arch.torch.partition("+")[0]
    return structs.replace(arch, torch=release).to_json().decode() + "\n"


def kept(name: str) -> str:
    """One model's record, as the gallery has it."""
    return gzip.decompress((FOLDER / f"{name}{ENDING}").read_bytes()).decode()


if __name__ == "__main__":
    for name in sorted({*names(), *sys.argv[1:]}):
        packed = gzip.compress(record(name).encode(), 9, mtime=0)
        (FOLDER / f"{name}{ENDING}").write_bytes(packed)
