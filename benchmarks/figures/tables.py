# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The paper's tables with our counts and times beside, for benchmarks/README.md."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from page import RESULTS  # noqa: E402

import networks  # noqa: E402


def by_name(entries):
    return {entry["name"]: entry for entry in entries}


def figure_of(entry, key):
    """(the published figure, what says it), or None twice."""
    for figure in entry["published"]:
        if key in figure:
            return figure[key], figure
    return None, None


SEEN = {"original": "", "quoted": "", "derived": " (derived)", "no": " (not verified)"}     # marks of a figure, by where it was found


def millions(value):
    """What a publication rounds to hundredths of a billion is said so."""
    return f"{value / 1000:g} B" if value % 10 == 0 else f"{value:g} M"


def parameters_cell(entry):
    value, figure = figure_of(entry, "parameters")
    return "" if value is None else millions(value) + SEEN[figure["seen"]]


def macs_cell(entry):
    value, figure = figure_of(entry, "macs")
    return "" if value is None else f"{value:g} G" + SEEN[figure["seen"]]


def citation(source, figure):
    place = [f"arXiv {source['arxiv']}"] if "arxiv" in source else []
    place += [figure["where"]] if "where" in figure else []
    place += {"original": [], "quoted": ["as others quote it"], "derived": [figure.get("from")], "no": ["not verified"]}[figure["seen"]]
    return f"{source['cite']} ({', '.join(place)})"


def citations(entry, sources):
    return "; ".join(citation(sources[figure["source"]], figure) for figure in entry["published"])


def unets(lists, counted):
    lines = ["| UNet, 512x512 | parameters: counted | published | multiply-accumulates: counted | published | source of what is published |",
             "| --- | --- | --- | --- | --- | --- |"]
    counts = by_name(counted["unets"])
    for entry in lists["unets"]:
        count = counts.get(entry["name"])
        ours = (f"{count['parameters'] / 1e6:.1f} M", f"{count['macs'] / 1e9:.1f} G") if count else ("", "")
        note = f" ({entry['note']})" if "note" in entry else ""
        lines.append(f"| {entry['name']}{note} | {ours[0]} | {parameters_cell(entry)} | {ours[1]} | {macs_cell(entry)} | "
                     f"{citations(entry, lists['sources'])} |")
    return "\n".join(lines) + "\n"


def ours(times):
    return [entry for entry in times["entries"] if entry["runtime"] == "ours" and "error" not in entry]


def seconds(entry, stage):
    value = entry["seconds"][stage]["median"]
    return f"{value:.2f} s" if value >= 0.1 else f"{1000 * value:.0f} ms"


def decoders(lists, counted, times):
    precisions = [entry["precision"] for entry in ours(times)]
    lines = ["| decoder, 512x512 | parameters: counted | published | multiply-accumulates: counted | " +
             " | ".join(f"ours, {precision}" for precision in precisions) + " | source of what is published |",
             "| --- | --- | --- | --- |" + " --- |" * len(precisions) + " --- |"]
    counts = by_name(counted["decoders"])
    for entry in lists["decoders"]:
        count = counts[entry["name"]]
        timed = [seconds(run, "decoder") if entry.get("timed") == times["model"] else "" for run in ours(times)]
        lines.append(f"| {entry['name']} | {count['parameters'] / 1e6:.2f} M | {parameters_cell(entry)} | {count['macs'] / 1e9:.1f} G | " +
                     " | ".join(timed) + f" | {citations(entry, lists['sources'])} |")
    return "\n".join(lines) + "\n"


def latencies(lists, times):
    stages = ("text", "unet", "decoder", "picture")
    lines = ["| one step, 512x512 | on | text | UNet | decoder | picture | from |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for entry in lists["latencies"]:
        published = [f"{entry['milliseconds'][stage]} ms" if stage in entry["milliseconds"] else "" for stage in stages]
        lines.append(f"| {entry['name']} | {entry['machine']} | " + " | ".join(published) + " | "
                     f"{citation(lists['sources'][entry['source']], entry)} |")
    for entry in ours(times):
        lines.append(f"| ours, {entry['precision']} | {times['threads']} cores of {times['processor']} | " +
                     " | ".join(seconds(entry, stage) for stage in stages) + f" | measured, {times['date']} |")
    return "\n".join(lines) + "\n"


def sections():
    """What the page shows, by name, from the files in results/."""
    lists = networks.published()
    counted = networks.load(os.path.join(RESULTS, "networks.json"))
    times = networks.load(os.path.join(RESULTS, "full.json"))
    return {"unets": "![Parameters against multiply-accumulates](results/unets.png)\n\n" + unets(lists, counted),
            "decoders": decoders(lists, counted, times), "latencies": latencies(lists, times)}
