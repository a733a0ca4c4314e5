"""An explained number, in words a person reads."""

from pipelines.analyse.explain import Explanation

SHOWN = 60


def text(found: Explanation) -> str:
    """The number, how it came about, what it rests on, what was checked, and what it was before."""
    told, indicator = found.observation, found.indicator
    value = "no value" if told["obs_value"] is None else f"{told['obs_value']}"
    parts = [str(told[name]) for name in ("sex", "age", "breakdown") if told[name] != "_T"]
    what = " ".join([str(told["series"]), str(told["ref_area"]), str(told["time_period"]), *parts])
    lines = [
        f"{what} = {value} {told['unit_measure']} (status {told['obs_status']}, {told['concept']})",
        f"{indicator.code}: {indicator.title}",
        f"Formula: {indicator.formula}",
    ]
    if told["worked"]:
        lines.append(f"Worked:  {told['worked']} = {value}")
    if told["note"]:
        lines.append(f"Note:    {told['note']}")
    lines.append(f"Method:  {told['source']}; {indicator.custodian}; {indicator.verification}")
    lines.append(f"Inputs of snapshot {told['input_snapshot']}, editions: {told['vintage'] or 'not stated'}")
    for row in found.inputs[:SHOWN]:
        place = " ".join(
            [str(row["file_name"] or row["delivery_id"])]
            + ([f"sheet “{row['source_sheet']}”"] if row["source_sheet"] else [])
            + [f"row {row['source_row']}"]
        )
        shown = "none" if row["obs_value"] is None else f"{row['obs_value']:.12g}"
        decided = f" ({row['decided']})" if row["decided"] else ""
        lines.append(f"  {row['dataset']} {' '.join(row['key'])}: {shown}, {place}{decided}")  # type: ignore[arg-type]
    for row in found.members[:SHOWN]:
        weight = "" if row["weight"] is None else f", weight {row['weight']:.12g}"
        lines.append(f"  {row['ref_area']}: {row['obs_value']:.12g}{weight}")
    more = len(found.inputs) + len(found.members) - SHOWN
    if more > 0:
        lines.append(f"  ... and {more} more; --json gives all")
    lines += ["Checks:"]
    lines += [f"  {c['status']:12} {c['severity']:8} {c['notes']} {c['observed']}" for c in found.checks]
    lines += ["Vintages, oldest first:"]
    lines += [
        f"  {v['snapshot_time']:%Y-%m-%d %H:%M}  {v['obs_value']}  (snapshot {v['snapshot_id']}; {v['vintage']})"
        for v in found.vintages
    ]
    return "\n".join(lines)
