"""Which arguments a forward lacks, and what they may be by their names."""

from __future__ import annotations

import re
from dis import get_instructions
from inspect import Parameter, signature, unwrap
from itertools import islice, pairwise, product
from typing import TYPE_CHECKING

from resviz.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.tracing.recorder import Recorder

    Inputs = tuple[InputSpec, ...]

TOKENS = 128
"""Positions of a sequence whose length nothing tells."""

WORDS_FOR_SAMPLE_NUMBERS = {
    *("t", "ts", "time", "times", "timestep", "timesteps", "sigma", "noise_level"),
    *("y", "label", "labels", "target", "targets", "class_labels", "classes"),
    *("offsets", "lengths", "length", "lens", "x_lengths", "seq_lengths"),
}
"""Arguments that often hold one number a sample."""

WORDS_FOR_IDS = {
    *("ids", "idx", "input_ids", "tokens", "text", "texts", "words", "caption"),
    *("captions", "src", "tgt", "trg", "question", "token_type_ids"),
}
"""Arguments that often hold numbers of words."""


MAX_GUESSES = 16
"""Combinations of what arguments may be."""

WANTS_SEVERAL = re.compile(r"not enough values to unpack \(expected (\d), got \d+\)")
"""How Python says that it would have a list of so many, also in place of a tensor."""


def list_forward_defaults(recorder: Recorder) -> dict[str, bool]:
    """List the parameters of a forward, and whether each may be left out."""
    root, method = recorder.clone.root, recorder.clone.method or "forward"
    try:
        parameters = signature(getattr(root, method)).parameters.values()
    except (TypeError, ValueError):
        return {}
    kinds = {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
    return {
        parameter.name: parameter.default is not Parameter.empty
        for parameter in parameters
        if parameter.kind in kinds
    }


def takes_names_alone(recorder: Recorder) -> bool:
    """Tell whether every argument of a forward is given by its name."""
    root, method = recorder.clone.root, recorder.clone.method or "forward"
    try:
        parameters = signature(getattr(root, method)).parameters.values()
    except (TypeError, ValueError):
        return False
    by_name = {Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD}
    return bool(parameters) and all(each.kind in by_name for each in parameters)


def list_keys_taken(recorder: Recorder) -> list[str]:
    """List the keys that a forward's code reads of its further arguments, **batch."""
    root, method = recorder.clone.root, recorder.clone.method or "forward"
    parameters = signature(getattr(root, method)).parameters.values()
    return [
        key
        for parameter in parameters
        if parameter.kind is Parameter.VAR_KEYWORD
        for key in list_keys_read(recorder, parameter.name)
    ]


def list_lacking_inputs(recorder: Recorder, given: Sequence[str]) -> list[str]:
    """List the arguments that a forward must be given and was not."""
    defaults = list_forward_defaults(recorder)
    keys = list_keys_taken(recorder) if takes_names_alone(recorder) else []
    wanted = [*(name for name, optional in defaults.items() if not optional), *keys]
    return [name for name in wanted if name not in given]


def list_optional_inputs(recorder: Recorder, specs: Inputs) -> list[str]:
    """List the arguments that were left out because they may be."""
    given = {spec.place[0] for spec in specs}
    return [name for name in list_forward_defaults(recorder) if name not in given]


def guess_inputs(name: str, specs: Inputs) -> list[InputSpec]:
    """Guess what an argument takes, by its name and by what the first takes."""
    place = (name,)
    numbers = InputSpec((None,), "int64", place)
    ids = InputSpec((None, TOKENS), "int64", place)
    like_first = specs[0]._replace(place=place)
    if name in WORDS_FOR_SAMPLE_NUMBERS:
        return [numbers, InputSpec((None,), None, place), like_first]
    if name in WORDS_FOR_IDS:
        return [ids, like_first, numbers]
    if "mask" in name:
        plane = (*like_first.sizes[:1], 1, *like_first.sizes[2:])
        planes = [plane] if len(plane) > 2 else []
        sizes = (like_first.sizes, *planes, (None, TOKENS), (None,))
        return [*(InputSpec(each, "bool", place) for each in sizes), like_first]
    return [like_first, ids, numbers, InputSpec((None,), None, place)]


def propose_holders(
    error: Exception, recorder: Recorder, specs: Inputs
) -> Iterator[Inputs]:
    """Propose a list or a dictionary in the place of a forward's first input.

    It may be unpacked, or keys of it be read; of any number of inputs, one more may be
    wanted.
    """
    first, *others = specs
    several = WANTS_SEVERAL.search(str(error))
    if several and len(first.place) == 1:
        places = [(*first.place, str(number)) for number in range(int(several[1]))]
        yield (*(first._replace(place=place) for place in places), *others)
    keys = list_keys_read(recorder, first.place[0])
    if keys and isinstance(error, (IndexError, TypeError)) and len(first.place) == 1:
        guesses = [
            [
                spec._replace(place=(*first.place, key))
                for spec in guess_inputs(key, specs)
            ]
            for key in keys
        ]
        for held in islice(product(*guesses), MAX_GUESSES):
            yield (*held, *others)
    if isinstance(error, IndexError) and specs[-1].place[0].isdecimal():
        yield (*specs, first._replace(place=(str(len(specs)),)))


def list_keys_read(recorder: Recorder, name: str) -> list[str]:
    """List the keys that a forward's code reads of one of its arguments."""
    root, method = recorder.clone.root, recorder.clone.method or "forward"
    code = getattr(unwrap(getattr(root, method)), "__code__", None)
    pairs = pairwise(get_instructions(code) if code else ())
    keys = (
        after.argval
        for before, after in pairs
        if before.opname.startswith("LOAD_FAST")
        and before.argval == name
        and after.opname == "LOAD_CONST"
        and isinstance(after.argval, str)
    )
    return [key for key in dict.fromkeys(keys) if key.isidentifier()]
