"""Records at other inputs, beside fresh traces there: how many are not equal.

`python -m tests.readings.resized_every 100` tries so many random inputs of each
network; what follows the number are SPECs, and none are ours and forty of timm.
`--batch 2` has records of two samples, at which torch multiplies stacks otherwise.
"""

import argparse
import random
import sys
from collections import Counter

from resviz.errors import ResizeError, SpecError, TraceError
from resviz.inputs import parse_inputs
from resviz.source import TraceRequest, build_model
from resviz.source.spec import parse_spec
from tests.readings.structure.golden.networks import OWN
from tests.zoo import packages

TIMM = """
    botnet26t_256 coatnet_nano_rw_224 convnext_atto cspdarknet53 cspresnet50
    deit_tiny_distilled_patch16_224 densenet121 dla34 dpn68 eca_nfnet_l0 ecaresnet26t
    edgenext_xx_small efficientformerv2_s0 efficientnet_b0 fastvit_t8 gcresnext26ts
    ghostnet_050 hrnet_w18_small inception_resnet_v2 legacy_xception levit_128s
    mixer_s32_224 mobilenetv2_050 mobilenetv3_small_050 mobileone_s0 mobilevit_xxs
    nf_regnet_b0 poolformer_s12 pvt_v2_b0 regnety_002 repvgg_a0 res2net50_14w_8s
    resnest14d resnetv2_50 rexnet_100 seresnet50 skresnet18 vgg11
    vit_tiny_patch16_224 swin_tiny_patch4_window7_224
"""

SPECS = (*OWN.values(), *(f"timm:{name}" for name in TIMM.split()))

WRONG = ("differs", "answered, where a trace fails")
"""Outcomes that must not be; what is refused may trace by a branch not recorded."""


def draw_input(generator, arch):
    """Return a random size and batch: odd, non-square, too small, larger; or alike."""
    c, *sides = arch.input_shape[1:]
    kind = generator.choice(["near", "small", "square", "batch", "scaled"])
    batch = generator.choice([1, 1, 2, 3])
    if kind == "batch":
        return None, generator.choice([2, 3, 5])
    if kind == "square":
        sides = [generator.randint(16, 320)] * len(sides)
    elif kind == "scaled":
        sides = [32 * generator.randint(1, 10) for _ in sides]
    else:
        low, high = (1, 64) if kind == "small" else (100, 300)
        sides = [generator.randint(low, high) for _ in sides]
    return (c, *sides), batch


def compare_with_trace(built, arch, size, batch):
    """Return in words how an answer and a fresh trace compare, and the refusal."""
    try:
        answer, error = arch.resized(size, batch), None
    except (ResizeError, SpecError) as refusal:
        answer, error = None, refusal
    request = TraceRequest(size and parse_inputs(size), *[None] * 2, batch, *[None] * 2)
    try:
        fresh = built.trace_with(request)
    except TraceError:
        fresh = None
    if answer is not None:
        if fresh is None:
            return WRONG[1], ""
        return ("equal" if answer == fresh else WRONG[0]), ""
    if not getattr(error, "fails", False):
        return "not told", str(error)
    return ("both fail" if fresh is None else "refused, but traces"), str(error)


def compare_network(text, count, batch=None):
    """Count the outcomes of a network at random inputs; say which are wrong."""
    built = build_model(parse_spec(text))
    arch = built.trace_with(TraceRequest(*[None] * 3, batch, *[None] * 2))
    generator = random.Random(text)
    outcomes, refusals = Counter(), Counter()
    for _ in range(count):
        size, samples = draw_input(generator, arch)
        outcome, refusal = compare_with_trace(built, arch, size, samples)
        outcomes[outcome] += 1
        if outcome in WRONG:
            sys.stdout.write(f"{text} {size} {samples}: {outcome}: {refusal}\n")
        elif outcome in {"not told", "refused, but traces"}:
            refusals[refusal.partition("): ")[2]] += 1
    return outcomes, refusals


if __name__ == "__main__":
    _ = packages.ready()
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("specs", nargs="*", default=SPECS)
    parser.add_argument("--batch", type=int)
    asked = parser.parse_intermixed_args()
    totals = Counter()
    for spec in asked.specs:
        outcomes, refusals = compare_network(spec, asked.count, asked.batch)
        totals += outcomes
        common = next(iter(refusals.most_common(1)), ("", 0))[0]
        sys.stdout.write(f"{spec}: {dict(outcomes)} {common}\n")
        sys.stdout.flush()
    sys.stdout.write(f"all: {dict(totals)}\n")
