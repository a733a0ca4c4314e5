"""An explained number, in words a person reads."""

from pipelines.analyse.explain import Explanation
from pipelines.delivery import SEVERITIES, STATUSES, shown
from pipelines.language import say

SHOWN = 60


def text(found: Explanation) -> str:
    """The number, how it came about, what it rests on, what was checked, and what it was before."""
    told, indicator = found.observation, found.indicator
    value = say("no value") if told["obs_value"] is None else f"{told['obs_value']}"
    parts = [str(told[name]) for name in ("sex", "age", "breakdown") if told[name] != "_T"]
    what = " ".join([str(told["series"]), str(told["ref_area"]), str(told["time_period"]), *parts])
    lines = [
        f"{what} = {value} {told['unit_measure']} "
        + say("(status {status}, {concept})", status=told["obs_status"], concept=told["concept"]),
        f"{indicator.code}: {indicator.title}",
        say("Formula: {formula}", formula=indicator.formula),
    ]
    if told["worked"]:
        lines.append(say("Worked:  {formula} = {value}", formula=told["worked"], value=value))
    if told["note"]:
        lines.append(say("Note:    {note}", note=told["note"]))
    method = f"{told['source']}; {indicator.custodian}; {indicator.verification}"
    lines.append(say("Method:  {method}", method=method))
    editions = told["vintage"] or say("not stated")
    lines.append(
        say("Inputs of snapshot {snapshot}, editions: {editions}", snapshot=told["input_snapshot"], editions=editions)
    )
    for row in found.inputs[:SHOWN]:
        place = " ".join(
            [str(row["file_name"] or row["delivery_id"])]
            + ([say("sheet {sheet}", sheet=shown(str(row["source_sheet"])))] if row["source_sheet"] else [])
            + [say("row {row}", row=row["source_row"])]
        )
        figure = say("none") if row["obs_value"] is None else f"{row['obs_value']:.12g}"
        decided = f" ({row['decided']})" if row["decided"] else ""
        lines.append(f"  {row['dataset']} {' '.join(row['key'])}: {figure}, {place}{decided}")  # type: ignore[arg-type]
    for row in found.members[:SHOWN]:
        weight = "" if row["weight"] is None else say(", weight {weight}", weight=f"{row['weight']:.12g}")
        lines.append(f"  {row['ref_area']}: {row['obs_value']:.12g}{weight}")
    more = len(found.inputs) + len(found.members) - SHOWN
    if more > 0:
        lines.append(f"  {say('... and {count} more; --json gives all', count=more)}")
    lines += [say("Checks:")]
    for c in found.checks:
        status, severity = say(STATUSES[str(c["status"])]), say(SEVERITIES[str(c["severity"])])
        lines.append(f"  {status:12} {severity:8} {c['notes']} {c['observed']}")
    lines += [say("Vintages, oldest first:")]
    for v in found.vintages:
        where = say("(snapshot {snapshot}; {editions})", snapshot=v["snapshot_id"], editions=v["vintage"])
        lines.append(f"  {v['snapshot_time']:%Y-%m-%d %H:%M}  {v['obs_value']}  {where}")
    return "\n".join(lines)
