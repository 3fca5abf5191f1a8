"""What the Python workers share. A worker is started as

    WORKER EXPORT PRECISION THREADS RUNS [ANSWERS]

in a process of its own: it loads the three networks, runs them in turn twice to warm up and RUNS times by the clock,
writes each last answer into the folder ANSWERS, and prints one JSON object: version, load (seconds), seconds (a list by
stage), peak_memory_bytes.
"""

import json
import os
import resource
import sys
import time

import numpy

WARM_UPS = 2


def run(load):
    """`load(folder, stages, precision, threads)` answers a version and a callable a stage: arrays to an array."""
    folder, precision, threads, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with open(os.path.join(folder, "manifest.json")) as file:
        stages = json.load(file)["stages"]
    inputs = {stage["name"]: [numpy.fromfile(os.path.join(folder, each["file"]), each["type"]).reshape(each["shape"])
                              for each in stage["inputs"]] for stage in stages}
    start = time.perf_counter()
    version, networks = load(folder, [stage["name"] for stage in stages], precision, threads)
    loaded = time.perf_counter() - start
    seconds, answers = {stage["name"]: [] for stage in stages}, {}
    for i in range(WARM_UPS + runs):
        for name, network in networks.items():
            start = time.perf_counter()
            answers[name] = network(*inputs[name])
            if i >= WARM_UPS:
                seconds[name].append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if len(sys.argv) > 5:
        for stage in stages:
            answer = numpy.ascontiguousarray(answers[stage["name"]], "float32")
            answer.tofile(os.path.join(sys.argv[5], stage["answer"]["file"]))
    print(json.dumps({"version": version, "load": loaded, "seconds": seconds, "peak_memory_bytes": peak}))
