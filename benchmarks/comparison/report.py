"""Draws benchmarks/results/*.png from the JSON beside them, and fills in the tables of benchmarks/README.md.

What has no results is left as it is.
"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from lesser_processor import CLASSES  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import page  # noqa: E402
from page import RESULTS  # noqa: E402

NAMES = {"ours": "MobileDiffusion for C++", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "pytorch": "PyTorch"}
COLOURS = {"text": "#7f8c8d", "unet": "#2e86c1", "decoder": "#e67e22"}


def results(name):
    path = os.path.join(RESULTS, name + ".json")
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return json.load(file)


def label(entry):
    return f"{NAMES[entry['runtime']]} {'' if entry['runtime'] == 'ours' else entry.get('version', '')} {entry['precision']}".replace(
        "  ", " ")


def conditions(result):
    return (f"{result['processor']}, {result['cores']} cores ({', '.join(result['instructions'])}), {result['system']}, "
            f"{result['date']}; {result['program']}; load average {result['load_average']} at its end" +
            (". **Times are withheld: the machine was busy with other work**" if busy(result) else ""))


def busy(result):
    """More was waiting to run than twice the cores: others took most of the time, and what the clock says means nothing."""
    return result["load_average"] > 2 * result["cores"]


def seconds(value):
    return f"{value:.2f} s" if value >= 0.1 else f"{1000 * value:.1f} ms"


def decibels(stage):
    return "exact" if stage["psnr"] is None else f"{stage['psnr']:.0f}"


def quality(entry):
    return ", ".join(decibels(entry["agreement"][stage]) for stage in ("text", "unet", "decoder")) + " dB"


def table_without_times(result):
    lines = [conditions(result) + ".", "", "| runtime, precision | peak memory | PSNR of text, UNet, decoder |", "| --- | --- | --- |"]
    for entry in result["entries"]:
        lines.append(f"| {label(entry)} | did not run: {entry['error']} | |" if "error" in entry else
                     f"| {label(entry)} | {entry['peak_memory_bytes'] / 1e6:.0f} MB | {quality(entry)} |")
    return "\n".join(lines)


def table(result):
    if busy(result):
        return table_without_times(result)
    lines = [f"{conditions(result)}; {result['threads']} threads, medians of {result['rounds']} round{'s' * (result['rounds'] > 1)}.", "",
             "| runtime, precision | text | UNet | decoder | picture | times as fast | load: first, later | peak memory "
             "| PSNR of text, UNet, decoder |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for entry in result["entries"]:
        if "error" in entry:
            lines.append(f"| {label(entry)} | did not run: {entry['error']} | | | | | | | |")
            continue
        times = " | ".join(seconds(entry["seconds"][stage]["median"]) for stage in ("text", "unet", "decoder", "picture"))
        ratio = entry.get("times_as_fast", {}).get("picture")
        quick = f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})" if ratio else ""
        lines.append(f"| {label(entry)} | {times} | {quick} | {entry['load']['first']:.2f}, {entry['load']['later']:.2f} s | "
                     f"{entry['peak_memory_bytes'] / 1e6:.0f} MB | {quality(entry)} |")
    return "\n".join(lines)


def picture(entry):
    return entry["seconds"]["picture"]["median"]


def best(result, precision, is_ours):
    """The quickest entry of a precision, ours or a peer's; None where none ran."""
    return min((entry for entry in result["entries"]
                if "error" not in entry and entry["precision"] == precision and (entry["runtime"] == "ours") == is_ours),
               key=picture, default=None)


def classes_table(found):
    """A row a class of processor: ours beside the best peer of the same precision. `found` are (what, result)."""
    lines = ["| as on | ours, float32 | best peer, float32 | times as fast | ours, float16 | ours, int8 | best peer, int8 | times as fast |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for what, result in found:
        cells = [what]
        for precision in ("float32", "float16", "int8"):
            ours, peer = best(result, precision, True), best(result, precision, False)
            cells.append(seconds(picture(ours)))
            if precision != "float16":
                cells += [f"{seconds(picture(peer))}, {NAMES[peer['runtime']]}", f"{picture(peer) / picture(ours):.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def growth(result, key, column):
    """One row a configuration, one column a value of `key`; `column(entry, smallest)` writes a cell."""
    values = sorted({entry[key] for entry in result["entries"]})
    rows = {}
    for entry in result["entries"]:
        rows.setdefault((entry["runtime"], entry["precision"]), {})[entry[key]] = entry
    lines = [f"{conditions(result)}; fastest of {result['rounds']} rounds.", "", f"| {key} | " +
             " | ".join(str(value) for value in values) + " |", "| --- |" + " --- |" * len(values)]
    for row in rows.values():
        first = row[values[0]]
        lines.append(f"| {label(first)} | " + " | ".join(column(row[value], first) for value in values) + " |")
    return "\n".join(lines)


def fastest(entry):
    return entry["seconds"]["picture"]["min"]


def size_cell(entry, smallest):
    exponent = fastest(entry) / fastest(smallest) / (entry["size"] / smallest["size"]) ** 2
    return f"{seconds(fastest(entry))} ({exponent:.2f} a pixel)"


def threads_cell(entry, one):
    return f"{seconds(fastest(entry))} ({fastest(one) / fastest(entry):.2f}x)"


def draw_stages(result, name, title):
    entries = [entry for entry in result["entries"] if "error" not in entry]
    entries.sort(key=lambda entry: -picture(entry))
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(entries) + 1.4))
    for row, entry in enumerate(entries):
        start = 0
        for stage, colour in COLOURS.items():
            width = entry["seconds"][stage]["median"]
            axes.barh(row, width, left=start, color=colour, label=stage if row == 0 else None)
            start += width
        ratio = entry.get("times_as_fast", {}).get("picture")
        axes.text(start, row, f" {seconds(start)}" + (f", {ratio['median']:.2f}x" if ratio else ""), va="center", fontsize=8)
    axes.set_yticks(range(len(entries)), [label(entry) for entry in entries], fontsize=8)
    for tick, entry in zip(axes.get_yticklabels(), entries):
        tick.set_fontweight("bold" if entry["runtime"] == "ours" else "normal")
    axes.set_xlim(0, 1.2 * max(map(picture, entries)))
    axes.set_xlabel("seconds, median")
    axes.set_title(title, fontsize=10)
    axes.legend(loc="upper right", fontsize=8)
    save(figure, name)


def draw_lines(result, name, key, x_of, x_label, ideal):
    figure, axes = plt.subplots(figsize=(6.5, 4))
    rows = {}
    for entry in result["entries"]:
        rows.setdefault(label(entry), []).append((x_of(entry[key]), fastest(entry)))
    for row, points in rows.items():
        points.sort()
        line, = axes.plot(*zip(*points), marker="o", label=row)
        first = points[0]
        axes.plot([x for x, _ in points], [first[1] * ideal(x / first[0]) for x, _ in points], ":", color=line.get_color())
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    axes.set_xlabel(x_label)
    axes.set_ylabel("seconds a picture, fastest")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    save(figure, name)


def save(figure, name):
    page.save(figure, name)
    plt.close(figure)


def main():
    tables, drawn = {}, {"size", "threads"}
    titles = {"full": "MobileDiffusion, 520 M, 512x512, one step", "scenes": "models/scenes, 128x128, one step"}
    titles.update({f"{name}-{processor}": f"{title}, as on {what}" for name, title in list(titles.items())
                   for processor, what in CLASSES.items()})
    for name, title in titles.items():
        result = results(name)
        if result:
            tables[name] = table(result)
        if result and not busy(result):
            drawn.add(name)
            draw_stages(result, name, f"{title}, {result['threads']} threads, {result['processor']}")
    for name in ("full", "scenes"):
        found = [(what, results(name + ending)) for ending, what in
                 [*((f"-{processor}", what) for processor, what in CLASSES.items()), ("", "the processor itself")]]
        found = [(what, result) for what, result in found if result and not busy(result)]
        if found:
            tables[name + "-classes"] = classes_table(found)
    size, threads = results("size"), results("threads")
    if size and not busy(size):
        tables["size"] = growth(size, "size", size_cell)
        draw_lines(size, "size", "size", lambda side: side * side / 1e6, "megapixels (dotted: linear in pixels)", lambda x: x)
    if threads and not busy(threads):
        tables["threads"] = growth(threads, "threads", threads_cell)
        draw_lines(threads, "threads", "threads", lambda n: n, "threads (dotted: twice as fast with twice as many)",
                   lambda x: 1 / x)
    page.fill({name: (f"![Seconds a picture](results/{name}.png)\n\n" if name in drawn else "") + content + "\n"
               for name, content in tables.items()})


if __name__ == "__main__":
    main()
