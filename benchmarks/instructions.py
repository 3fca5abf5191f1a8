# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The table of instructions that 64-bit Arm processors execute for a picture, which tests/instructions counts."""

import json
import os

import page

TABLE = os.path.join(page.RESULTS, "instructions.json")
PRECISIONS = ("float32", "float16", "int8")
CPUS = {        # as QEMU_CPU names them, and what they have to multiply with
    "cortex-a53": "Cortex-A53: NEON",
    "cortex-a76": "Cortex-A76: dot products, FP16",
    "neoverse-v1": "Neoverse V1: i8mm, bf16, SVE, FP16",
    "max,sve=off,sme=off": "like Apple's since the M2: i8mm, bf16, FP16",
}


def load():
    """Counts by processor, model and precision."""
    if not os.path.exists(TABLE):
        return {}
    with open(TABLE, encoding="utf-8") as file:
        return json.load(file)


def save(table):
    with open(TABLE, "w", encoding="utf-8") as file:
        json.dump(table, file, indent=1)
        file.write("\n")
    page.fill(sections(table))


def sections(table):
    """For the page, by name."""
    lines = ["| processor | picture of | " + " | ".join(PRECISIONS) + " |", "| --- | --- |" + " --- |" * len(PRECISIONS)]
    for cpu, models in table.items():
        for model, counts in models.items():
            lines.append(f"| {CPUS[cpu]} | {model} | " + " | ".join(f"{counts[precision] / 1e6:.0f} M" for precision in PRECISIONS) + " |")
    return {"instructions": "\n".join(lines) + "\n"}
