"""Writes the frozen structures anew: `python -m tests.readings.structure.golden`.

That reads the records that are kept; `--trace` makes these anew too, for which it
wants the packages of .ci/zoo.txt; names of networks make it do these alone.
"""

import sys

from resviz.record.storage import load

from .description import describe_structure
from .networks import names, record, record_file, text_file

if __name__ == "__main__":
    words = set(sys.argv[1:])
    for name in sorted(words - {"--trace"}) or names():
        if "--trace" in words or not record_file(name).exists():
            record(name).save(record_file(name))
        arch = load(record_file(name))
        text_file(name).write_text(describe_structure(arch), encoding="utf-8")
