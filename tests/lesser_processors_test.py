"""lesser_processors_test.py BINARIES_FOLDER TEST...: the kernels' tests and the goldens, as on lesser processors than this one.

A kernel is chosen by what the processor can do, so on a fast machine those of a laptop would go untested. Where there is VNNI, our
own tables choose as on this machine.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "benchmarks", "comparison"))
from lesser_processor import CLASSES, LesserProcessor  # noqa: E402

SKIPPED = 77
NEEDED = {"avx2": "avx2", "avx512": "avx512vl"}       # what of this processor


def main(folder, *tests):
    if platform.machine() != "x86_64" or not all(map(shutil.which, ("gcc", "objdump", "ldd"))):
        print("skipped: only on x86-64, with gcc and binutils")
        return SKIPPED
    with open("/proc/cpuinfo") as file:
        flags = set(next((line for line in file if line.startswith("flags")), "").split())
    failed = []
    with tempfile.TemporaryDirectory() as work:
        for name, needed in NEEDED.items():
            if needed not in flags:
                print(f"{CLASSES[name]}: not on this processor")
                continue
            processor = LesserProcessor(name, os.path.join(work, name))
            for test in tests:
                done = subprocess.run([processor.program(os.path.join(folder, test)), "--gtest_brief=1"],
                                      env=dict(os.environ, **processor.environment()), capture_output=True, text=True, errors="replace")
                passed = [line for line in done.stdout.splitlines() if "PASSED" in line]
                print(f"{CLASSES[name]}: {test}: {''.join(passed)}", flush=True)
                if done.returncode != 0:
                    print(done.stdout[-4000:], done.stderr[-1000:])
                    failed.append((name, test))
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
