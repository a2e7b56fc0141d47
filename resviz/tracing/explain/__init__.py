"""Why a forward failed, and which input would work."""
