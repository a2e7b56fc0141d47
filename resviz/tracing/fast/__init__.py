"""What makes a trace quick: all that is worked out by rule, copied late or shared.

`trace_fast` is the only entrance; the rest of tracing can be read without this folder,
and gives the same records without it, later. The three parts of a tracer have faster
children here:

- The clone copies tensors only when somebody asks for them, knows which attributes need
  no copy (`module_layouts`), and is no copy where the model was built to be traced.
- The recorder answers usual layers by the rule of their class (`bypass`,
  `module_rules`, believed while `probe` finds torch as it was) and usual operations by
  their shapes (`shape_rules`).
- The assembler, beside the recorder, makes such a layer at once.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from resviz.tracing.fast.module_layouts import SharedHooksWritten
from resviz.tracing.fast.recorder import FastRecorder
from resviz.tracing.forward import trace_once
from resviz.tracing.process import PROCESS_LOCK, RestoringContext

if TYPE_CHECKING:
    from resviz.record import Architecture
    from resviz.tracing.plan import TracePlan


def trace_fast(plan: TracePlan) -> Architecture:
    """Trace a plan whose forward is not run for real, and return its record.

    A forward that hooks its own modules, which share empty holders of hooks here, is
    followed again by a plain recorder.

    Raises:
        TraceError: as `trace_once`.
    """
    return PausedCollector().call_within(trace_by_rules, plan)


def trace_by_rules(plan: TracePlan) -> Architecture:
    """Trace with rules, or without them where a forward hooks its own modules."""
    try:
        return trace_once(plan, FastRecorder)
    except SharedHooksWritten:
        return trace_once(plan)


PAUSING_TRACES: set[int] = set()
"""The running traces in which the collector is off."""

COLLECTOR_WAS_ON: list[bool] = []
"""Whether it was on, noted by the first of them."""


class PausedCollector(RestoringContext):
    """Has the garbage collector off during a call.

    A trace makes many small objects and no cycles of them; the collector would walk
    through all of torch for their sake.
    """

    def change_process(self) -> None:
        """Switch the collector off."""
        with PROCESS_LOCK:
            if not PAUSING_TRACES:
                COLLECTOR_WAS_ON[:] = [gc.isenabled()]
            PAUSING_TRACES.add(id(self))
            gc.disable()

    def restore_process(self) -> None:
        """Switch it on after the last trace, if it was on before the first."""
        with PROCESS_LOCK:
            PAUSING_TRACES.discard(id(self))
            if PAUSING_TRACES:
                return
            if True in COLLECTOR_WAS_ON:
                gc.enable()
            COLLECTOR_WAS_ON.clear()
