"""The operations that torch's dispatcher has, also those that nobody asked for yet."""

import torch

COMPOSITE = "CompositeImplicitAutograd"
"""The key of what torch always runs as others, so that no record has it."""


def list_overloads():
    """List the name of each ATen operation that a record may have, and an overload."""
    is_key_of = torch._C._dispatch_has_kernel_for_dispatch_key
    overloads = []
    for full_name in torch._C._dispatch_get_all_op_names():
        library, _, name = full_name.partition("::")
        name, _, overload = name.partition(".")
        if library == "aten" and not is_key_of(full_name, COMPOSITE):
            packet = getattr(torch.ops.aten, name)
            overloads.append((name, getattr(packet, overload or "default")))
    return overloads
