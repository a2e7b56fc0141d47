"""Where do shortcuts project, why, and what does it cost under options A, B and C?"""

import resviz

for option in "ABC":
    rows = resviz.shortcuts(f"resnet(34, shortcut={option!r})").to_dict()
    changing = [row for row in rows if row["kind"] != "identity"]
    params = sum(row["params"] for row in rows)
    print(f"option {option}: {len(changing)} of {len(rows)} shortcuts are no identity,")
    print(f"  {params:,} parameters")
    for row in changing[:4]:
        print(f"  {row['block']}: {row['kind']}, reason: {row['reason']}")
