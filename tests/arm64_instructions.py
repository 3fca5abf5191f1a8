# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Counts the instructions that a picture takes on several 64-bit Arm processors, and holds them against the committed table.

Usage: arm64_instructions.py QEMU PROGRAM DEFAULT_MODEL BLOCK [--write] [CPU...]

QEMU is a folder with qemu-aarch64 and libinsn.so, PROGRAM the wrapper that ctest runs the program by, BLOCK a model whose UNet
is one level of full size. One thread, no cache; a picture is what a second one adds to a first.
"""

import os
import shlex
import subprocess
import sys
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(SOURCE, "benchmarks"))
import instructions  # noqa: E402
from instructions import CPUS, PRECISIONS  # noqa: E402

MORE = 0.02     # than the table's, which is a failure; fewer by as much wants a new table


class Counter:
    def __init__(self, qemu, program, folder):
        self.folder = folder
        with open(program, encoding="utf-8") as script:
            _, _, *run = shlex.split(script.read().splitlines()[-1])     # exec qemu-aarch64 -L SYSTEM PROGRAM "$@"
        self.command = [os.path.join(qemu, "qemu-aarch64"), *run[:-1]]
        self.plugin = os.path.join(qemu, "libinsn.so") + ",inline=on"

    def run(self, cpu, *arguments):
        log = os.path.join(self.folder, "count")
        environment = dict(os.environ, QEMU_CPU=cpu, QEMU_PLUGIN=self.plugin, QEMU_LOG="plugin", QEMU_LOG_FILENAME=log)
        done = subprocess.run([*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        with open(log, encoding="utf-8") as lines:
            return next(int(line.split()[-1]) for line in lines if line.startswith("total insns"))

    def picture(self, cpu, model, precision):
        one, two = (self.run(cpu, "generate", "a red boat", "--model", model, "--size", "128x128", "--threads", "1", "--precision",
                             precision, "--memory", "keep", "--cache", "none", "--quiet", "--count", str(count),
                             "-o", os.path.join(self.folder, f"{count}.png"))
                    for count in (1, 2))
        return two - one


def judge(count, known):
    """What is wrong with a count, beside the table's."""
    if known is None:
        return "the table has none"
    if abs(count / known - 1) <= MORE:
        return ""
    return f"{100 * (count / known - 1):+.1f}%: " + ("more than the table says" if count > known else "write the table anew")


def main(qemu, program, default_model, block, *rest):
    writes, cpus = "--write" in rest, [name for name in rest if name != "--write"] or list(CPUS)
    models = {os.path.basename(default_model): default_model, "one level of full size": block}
    table, failed = instructions.load(), False
    with tempfile.TemporaryDirectory() as folder:
        counter = Counter(qemu, program, folder)
        for cpu in cpus:
            known = {} if writes else table.get(cpu, {})
            counts = {name: {precision: counter.picture(cpu, path, precision) for precision in PRECISIONS}
                      for name, path in models.items()}
            for name in models:
                for precision, count in counts[name].items():
                    fault = "" if writes else judge(count, known.get(name, {}).get(precision))
                    failed = failed or bool(fault)
                    print(f"{'FAILED  ' if fault else ''}{cpu}: {name} in {precision}: {count / 1e6:.1f} M  {fault}".rstrip(), flush=True)
            if writes:
                table[cpu] = counts
                instructions.save({name: table[name] for name in CPUS if name in table})
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
