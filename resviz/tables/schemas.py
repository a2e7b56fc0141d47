"""A JSON Schema of what each command prints, made of the types of its JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from resviz.record.storage import stable_schema
from resviz.tables.json_head import json_head
from resviz.tables.json_types import (
    AdditionJson,
    CostsJson,
    FitJson,
    LayerJson,
    MemoryJson,
    PaperJson,
    ReceptiveJson,
    ShortcutJson,
    SummaryJson,
)
from resviz.tables.json_types_of_decisions import (
    CheckJson,
    CompareJson,
    CompareSeveralJson,
    DeviceRooflineJson,
    FeaturesJson,
    IdentifyJson,
    RooflineJson,
    SizesJson,
    SweepJson,
)

JSON_TYPES: dict[str, tuple[Any, ...]] = {
    "check": (CheckJson,),
    "compare": (CompareJson, CompareSeveralJson),
    "costs": (CostsJson,),
    "features": (FeaturesJson,),
    "identify": (IdentifyJson,),
    "layers": (list[LayerJson],),
    "memory": (MemoryJson, FitJson),
    "receptive": (ReceptiveJson,),
    "roofline": (RooflineJson, DeviceRooflineJson),
    "shortcuts": (list[ShortcutJson], list[AdditionJson]),
    "sizes": (SizesJson,),
    "summary": (SummaryJson,),
    "sweep": (SweepJson,),
    "table": (PaperJson,),
}
"""The type of each command's JSON; several where an option or a number of networks
tells which. That of `trace` is a record, which has a schema of its own."""


def make_command_schema(command: str) -> dict[str, Any]:
    """Return the JSON Schema of what a command prints, as published in docs/schemas."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"resviz.{command}",
        **make_type_schema(JSON_TYPES[command], command),
    }


def make_type_schema(types: tuple[Any, ...], command: str) -> dict[str, Any]:
    """Return the JSON Schema of one of some types, under the head of a command."""
    schemas, definitions = msgspec.json.schema_components(
        types, ref_template="#/$defs/{name}"
    )
    for definition in definitions.values():
        properties = definition.get("properties", {})
        if "resviz" in properties:
            head = json_head(command)
            properties["format"] = {"const": head["format"]}
            properties["version"] = {"const": head["version"]}
    root, *others = schemas
    if others:
        root = {"anyOf": list(schemas)}
    return stable_schema(root | {"$defs": dict(sorted(definitions.items()))})
