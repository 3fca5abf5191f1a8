# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The paper's figure of UNets, and its tables, with ours beside: counts networks, draws benchmarks/results/unets.png and fills in
benchmarks/README.md.

    /usr/bin/python3 benchmarks/figures/draw.py build/src/cli/mobilediffusion
"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

import networks  # noqa: E402
import tables  # noqa: E402
import page  # noqa: E402

COUNTED, PUBLISHED, UNSURE = "#2e86c1", "#c0392b", "#e6a49c"
OURS = "MobileDiffusion"
TO_THE_LEFT = {"SDXS-512"}     # of its point, where another's is on the right


def draw_unets(lists, counted):
    figure, axes = plt.subplots(figsize=(8, 5))
    counts = tables.by_name(counted["unets"])
    right = 1.7 * max(count["macs"] for count in counted["unets"]) / 1e9
    for entry in lists["unets"]:
        name, count = entry["name"], counts.get(entry["name"])
        (parameters, stored), (macs, computed) = tables.figure_of(entry, "parameters"), tables.figure_of(entry, "macs")
        if count:
            at = count["macs"] / 1e9, count["parameters"] / 1e6
            axes.plot(*at, "o", color=COUNTED, markersize=9 if name.startswith(OURS) else 7)
            if macs and parameters:
                sure = not (tables.SEEN[stored["seen"]] or tables.SEEN[computed["seen"]])
                axes.plot(macs, parameters, "D", markerfacecolor="none", markeredgecolor=PUBLISHED if sure else UNSURE, markersize=7)
                axes.plot([at[0], macs], [at[1], parameters], ":", color="grey", linewidth=1)
            left = name in TO_THE_LEFT
            axes.annotate(name, at, xytext=(-9 if left else 9, -3), textcoords="offset points", ha="right" if left else "left", fontsize=8,
                          fontweight="bold" if name.startswith(OURS) else "normal")
        else:                                               # nobody says how much it computes
            axes.axhline(parameters, 0.68, 1, linestyle="--", linewidth=1, color=PUBLISHED)
            axes.annotate(f"{name}: {parameters:g} M, computing not known", (right, parameters), xytext=(-4, 3),
                          textcoords="offset points", ha="right", fontsize=8, color=PUBLISHED)
    axes.plot([], [], "o", color=COUNTED, label="counted by `mobilediffusion info`")
    axes.plot([], [], "D", markerfacecolor="none", markeredgecolor=PUBLISHED, label="published")
    axes.plot([], [], "D", markerfacecolor="none", markeredgecolor=UNSURE, label="published; derived or not verified")
    axes.plot([], [], "--", color=PUBLISHED, label="published, parameters alone")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(90, right)
    ticks = {axes.xaxis: (100, 200, 400, 800), axes.yaxis: (250, 500, 1000, 2000)}
    for axis, values in ticks.items():
        axis.set_major_locator(matplotlib.ticker.FixedLocator(values))
        axis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    axes.set_xlabel("multiply-accumulates of one UNet step at 512x512, billions")
    axes.set_ylabel("parameters, millions")
    axes.set_title("UNets of text-to-image models", fontsize=10)
    axes.legend(loc="upper left", fontsize=8)
    axes.grid(alpha=0.3)
    page.save(figure, "unets")
    plt.close(figure)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    counted = networks.counted(sys.argv[1])
    with open(os.path.join(page.RESULTS, "networks.json"), "w", encoding="utf-8") as file:
        json.dump(counted, file, indent=1)
        file.write("\n")
    draw_unets(networks.published(), counted)
    page.fill(tables.sections())


if __name__ == "__main__":
    main()
