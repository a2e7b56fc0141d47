"""Why 4.09 and 3.86 GMACs for "ResNet-50"? The stride's place, layer by layer."""

import resviz

today = {row["name"]: row["macs"] for row in resviz.layers("resnet50").to_dict()}
paper = {row["name"]: row["macs"] for row in resviz.layers("paper50").to_dict()}

for name, macs in today.items():
    if name in paper and macs != paper[name]:
        print(f"{name:16} {macs:>13,}  in the paper {paper[name]:>13,}")
difference = sum(today.values()) - sum(paper.values())
print(f"together {difference:,} MACs")
