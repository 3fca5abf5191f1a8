# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Which kernels the program takes on several 64-bit Arm processors, under qemu-user: what `info --kernels` says, and what the
instructions say that a picture in each precision was drawn by.

Usage: arm64_kernels.py PROGRAM [CPU...]      (as QEMU_CPU names them; all of EXPECTED where none is)
"""

import json
import os
import re
import subprocess
import sys
import tempfile

# What each has: arithmetic on halves, and what multiplies 8-bit numbers. Apple's have no SVE, from the M2 on i8mm.
EXPECTED = {
    "cortex-a53": (False, "NEON"),
    "cortex-a76": (True, "dot products"),
    "neoverse-v1": (True, "i8mm"),
    "max,sve=off,sme=off": (True, "i8mm"),
}

# Instructions by what they multiply, as qemu's disassembly has them.
MULTIPLICATIONS = {
    "i8mm": re.compile(r"\b[su]u?mmla\b"),
    "dot products": re.compile(r"\b[us]dot\b"),
    "FP16": re.compile(r"\bfml[as]\s+v\d+\.8h"),
    "NEON": re.compile(r"\bfml[as]\s+v\d+\.4s"),
}


def run(program, cpu, *arguments, log=None):
    environment = dict(os.environ, QEMU_CPU=cpu)
    if log:
        environment.update(QEMU_LOG="in_asm", QEMU_LOG_FILENAME=log)
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def multiplications(program, cpu, precision, folder):
    """What was multiplied by while a small picture was drawn."""
    log = os.path.join(folder, "log")
    run(program, cpu, "generate", "a red boat", "--size", "64x64", "--threads", "1", "--precision", precision, "--cache", "none",
        "-o", os.path.join(folder, "boat.png"), log=log)
    found = set()
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found.update(name for name, pattern in MULTIPLICATIONS.items() if name not in found and pattern.search(line))
    os.remove(log)
    return found


def check(program, cpu, folder):
    """The faults of one processor, each a sentence."""
    halves, bytes_by = EXPECTED[cpu]
    told = json.loads(run(program, cpu, "info", "--kernels", "--json"))
    faults = []
    for precision, found in told["precisions"].items():
        for operator in found["operators"]:
            what = f"{precision}: {operator['operator']} {operator['way']}".rstrip()
            if operator["instructions"] in ("", "scalar", "EMU128", "SCALAR"):
                faults.append(f"{what} by \"{operator['instructions']}\"")
            if operator.get("better"):
                faults.append(f"{what} by {operator['instructions']}, where the processor has {operator['better']}")
            if operator.get("weights") == "int8" and operator["by"] == "XNNPACK" and operator["instructions"] != bytes_by:
                faults.append(f"{what} by {operator['instructions']} and not by {bytes_by}")
    computed = told["precisions"]["float16"]["computed"]
    if (computed == "float16") != halves:
        faults.append(f"float16 is computed in {computed}")
    needed = {"float32": {"NEON"}, "float16": {"FP16"} if halves else {"NEON"},
              "int8": {bytes_by} if bytes_by != "NEON" else {"NEON"}}
    barred = {"float32": {"i8mm", "dot products", "FP16"}, "float16": {"i8mm", "dot products"} | (set() if halves else {"FP16"}),
              "int8": {"i8mm", "dot products"} - {bytes_by} | (set() if halves else {"FP16"})}
    for precision in needed:
        found = multiplications(program, cpu, precision, folder)
        print(f"{cpu}: {precision} was drawn by {', '.join(sorted(found)) or 'nothing known'}", flush=True)
        if needed[precision] - found or found & barred[precision]:
            faults.append(f"a picture in {precision} was drawn by {sorted(found)}, without {sorted(needed[precision] - found)}")
    return faults


def main(program, *cpus):
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for cpu in cpus or EXPECTED:
            print(run(program, cpu, "info", "--kernels").decode(), flush=True)
            for fault in check(program, cpu, folder):
                print(f"FAILED  {cpu}: {fault}", flush=True)
                failed = True
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
