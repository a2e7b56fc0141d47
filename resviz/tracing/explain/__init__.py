"""Why a forward failed, and which input would work: `explain_failure` tells."""

from resviz.tracing.explain.diagnosis import explain_failure

__all__ = ["explain_failure"]
