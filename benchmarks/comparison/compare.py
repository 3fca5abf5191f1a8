"""Times this engine and other runtimes on the same networks, interleaved in rounds, and writes benchmarks/results.

`benchmarks/compare` is the command; it sets up what this needs. Every measurement is a process of its own. A ratio is
that of two runtimes in the same round; its median over the rounds is what counts, for machines are noisy.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys

from lesser_processor import CLASSES, LesserProcessor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RESULTS = os.path.join(ROOT, "benchmarks", "results")
WORKERS = os.path.join(HERE, "workers")
STAGES = ("text", "unet", "decoder")
PROMPT = "two red boats at sunset"
SIZES = (256, 384, 512, 768, 1024)
BASELINE = ("onnxruntime", "float32")
PRECISIONS = {"ours": ["float32", "float16", "int8"],
              "onnxruntime": ["float32", "int8"],
              "openvino": ["float32", "bfloat16", "float16", "int8-weights", "int8"],
              "pytorch": ["float32", "bfloat16"]}
PARTS = ("full", "scenes", "size", "threads", "report")


def say(*words):
    print("--", *words, file=sys.stderr, flush=True)


class Failed(Exception):
    pass


def output_of(command, **options):
    """A command's stdout; Failed with the last line of its complaint where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800, **options)
    except subprocess.TimeoutExpired as error:
        raise Failed("took longer than 30 minutes") from error
    if done.returncode != 0:
        raise Failed((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:300])
    return done.stdout


class Comparison:
    def __init__(self, options):
        self.options, self.program, self.work = options, os.path.abspath(options.program), os.path.abspath(options.work)
        self.cache = os.path.join(self.work, "cache")
        self.venv = os.path.join(self.work, "venv", "bin", "python3")
        self.modules, self.environment = os.path.join(self.work, "node", "node_modules"), dict(os.environ)
        if options.processor:
            self.lessen(LesserProcessor(options.processor, self.work))
        help_text = output_of([self.program, "bench", "--help"])
        self.configurations = [(runtime, precision) for runtime in options.runtimes for precision in PRECISIONS[runtime]
                               if runtime != "ours" or precision in help_text]

    def lessen(self, processor):
        """Everything that is timed runs on a lesser processor."""
        self.program = processor.program(self.program)
        self.environment.update(processor.environment())
        openvino = output_of([self.venv, "-c", "import os, openvino; print(os.path.dirname(openvino.__file__))"]).strip()
        self.modules = processor.folder(self.modules, "node_modules")
        self.environment["PYTHONPATH"] = os.path.dirname(processor.folder(openvino, os.path.join("packages", "openvino")))

    def result(self, name):
        """The name of a table's file of results."""
        return "-".join([name, self.options.processor] if self.options.processor else [name])

    def model(self, name):
        """The folder of the full model (made here, random weights) or of scenes."""
        if name == "scenes":
            return os.path.join(ROOT, "models", "scenes")
        folder = self.options.full or os.path.join(self.work, "full-size")
        if not os.path.exists(os.path.join(folder, "model_index.json")):
            say("synthesizing the full model")
            output_of([self.program, "synthesize", os.path.join(ROOT, "models", "mobilediffusion"), folder])
        return folder

    def export(self, name):
        """The folder with the model's networks as ONNX files, inputs and answers."""
        folder, out = self.model(name), os.path.join(self.work, name)
        if not os.path.exists(os.path.join(out, "manifest.json")):
            say("exporting", name)
            ids = output_of([self.program, "tokenize", folder], input=PROMPT + "\n")
            output_of([sys.executable, os.path.join(HERE, "export.py"), folder, out], input=ids)
        for runtime, precision in self.configurations:
            self.quantize(out, runtime, precision)
        return out

    def quantize(self, out, runtime, precision):
        if runtime not in ("onnxruntime", "openvino") or not precision.startswith("int8"):
            return
        mark = os.path.join(out, f"{runtime}.{precision}.made")  # holds the complaint where the tool failed
        if not os.path.exists(mark):
            say("quantising for", runtime, precision)
            complaint = ""
            try:
                output_of([self.venv, os.path.join(HERE, "quantize.py"), out, runtime, precision])
            except Failed as error:
                complaint = str(error)
            with open(mark, "w") as file:
                file.write(complaint)

    def ours(self, name, precision, threads, runs, size=None):
        command = [self.program, "bench", self.model(name), "--json", "--precision", precision, "--threads", str(threads),
                   "--runs", str(runs), "--memory", "keep", "--cache", self.cache]
        report = json.loads(output_of(command + (["--size", f"{size}x{size}"] if size else []), env=self.environment))
        return {"version": report["version"], "load": report["seconds"]["load"]["median"],
                "seconds": {stage: report["seconds"][stage]["median"] for stage in STAGES},
                "peak_memory_bytes": report["peak_memory_bytes"]}

    def theirs(self, out, runtime, precision, threads, runs, answers=None):
        mark = os.path.join(out, f"{runtime}.{precision}.made")
        if os.path.exists(mark) and os.path.getsize(mark) > 0:
            with open(mark) as file:
                raise Failed("its tool makes no such model: " + file.read())
        command = {"onnxruntime": ["node", os.path.join(WORKERS, "onnxruntime.js")],
                   "openvino": [self.venv, os.path.join(WORKERS, "openvino_worker.py")],
                   "pytorch": [*shlex.split(self.options.pytorch), os.path.join(WORKERS, "pytorch_worker.py")]}[runtime]
        told = output_of(command + [out, precision, str(threads), str(runs)] + ([answers] if answers else []),
                         env=dict(self.environment, NODE_PATH=self.modules))
        report = json.loads(told.strip().splitlines()[-1])
        report["seconds"] = {stage: statistics.median(values) for stage, values in report["seconds"].items()}
        return report

    def measure(self, name, out, runtime, precision, threads, answers=None):
        runs = self.options.runs * (20 if name == "scenes" else 1)
        if runtime == "ours":
            return self.ours(name, precision, threads, runs)
        return self.theirs(out, runtime, precision, threads, runs, answers)

    def agreement(self, name, out, runtime, precision, answers):
        """Each stage against PyTorch's float32 answer on the same inputs."""
        if runtime == "ours":
            told = subprocess.run([self.program, "verify", self.model(name), os.path.join(out, "expected.safetensors"), "--json",
                                   "--precision", precision], capture_output=True, text=True, env=self.environment).stdout
            names = {"text_hidden": "text", "unet_output": "unet", "decoder_output": "decoder"}
            return {names[each["name"]]: {"psnr": each["psnr"], "largest_error": each["largest_error"]}
                    for each in json.loads(told)["outputs"] if each["name"] in names}
        return compared(out, answers)

    def table(self, name, rounds):
        """One model in every runtime and precision, interleaved; the result file is written after every round."""
        out, threads = self.export(name), self.options.threads
        shutil.rmtree(self.cache, ignore_errors=True)
        samples, failures, agreements = {each: [] for each in self.configurations}, {}, {}
        for i in range(rounds):
            for each in self.configurations:
                if each in failures:
                    continue
                answers = os.path.join(out, "answers", "-".join(each))
                os.makedirs(answers, exist_ok=True)
                say(f"{name}, round {i + 1} of {rounds}:", *each)
                try:
                    samples[each].append(self.measure(name, out, *each, threads, answers if i == 0 else None))
                    if i == 0:
                        agreements[each] = self.agreement(name, out, *each, answers)
                except Failed as error:
                    failures[each] = str(error)
                    say(*each, "failed:", error)
            save(self.result(name), {**self.about(), "model": name, "threads": threads, "rounds": i + 1, "entries": [
                {"runtime": each[0], "precision": each[1], "error": failures[each]} if each in failures else
                {"runtime": each[0], "precision": each[1], **summary(samples[each], samples.get(BASELINE)),
                 "agreement": agreements[each]} for each in self.configurations]})

    def scaling(self, key, values, measured, rounds):
        """How one quantity (`key`) changes the time, into a result file: `measured(configuration, value)`."""
        configurations = [each for each in self.configurations
                          if each[0] == "ours" or (key == "threads" and each == BASELINE)]
        samples = {(each, value): [] for each in configurations for value in values}
        for i in range(rounds):
            for each, value in samples:
                say(f"{key} {value}, round {i + 1} of {rounds}:", *each)
                samples[each, value].append(measured(each, value))
            save(key, {**self.about(), "model": "full", "rounds": i + 1, "entries": [
                {"runtime": each[0], "precision": each[1], key: value, **summary(found, None)}
                for (each, value), found in samples.items()]})

    def about(self):
        with open("/proc/cpuinfo") as file:
            lines = file.read().splitlines()
        processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
        flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
        with open("/etc/os-release") as file:
            system = next((line.split("=")[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME=")), "")
        notable = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "asimddp")
        as_class = {"class": self.options.processor} if self.options.processor else {}
        return {"date": datetime.date.today().isoformat(), "processor": processor, **as_class, "cores": os.cpu_count(), "system": system,
                "instructions": [flag for flag in notable if flag in flags], "load_average": round(os.getloadavg()[0], 1),
                "program": output_of([self.program, "--version"], env=self.environment).strip()}


def compared(out, answers):
    import numpy
    with open(os.path.join(out, "manifest.json")) as file:
        stages = json.load(file)["stages"]
    result = {}
    for stage in stages:
        expected, found = (numpy.fromfile(os.path.join(folder, stage["answer"]["file"]), "float32").astype("float64")
                           for folder in (out, answers))
        largest, error = abs(expected).max(), abs(found - expected)
        squares = (error ** 2).mean()
        result[stage["name"]] = {"psnr": float(10 * numpy.log10(largest ** 2 / squares)) if squares > 0 else None,
                                 "largest_error": float(error.max() / largest)}
    return result


def picture(sample):
    return sum(sample["seconds"][stage] for stage in STAGES)


def summary(samples, baseline):
    def spread(values):
        return {"median": statistics.median(values), "min": min(values), "max": max(values)}

    seconds = {stage: spread([sample["seconds"][stage] for sample in samples]) for stage in STAGES}
    seconds["picture"] = spread([picture(sample) for sample in samples])
    result = {"version": samples[0]["version"], "seconds": seconds,
              "load": {"first": samples[0]["load"], "later": statistics.median([each["load"] for each in samples[1:] or samples])},
              "peak_memory_bytes": max(sample["peak_memory_bytes"] for sample in samples)}
    if baseline and len(baseline) == len(samples):
        result["times_as_fast"] = {
            "picture": spread([picture(theirs) / picture(sample) for theirs, sample in zip(baseline, samples)]),
            **{stage: spread([theirs["seconds"][stage] / sample["seconds"][stage]
                              for theirs, sample in zip(baseline, samples)]) for stage in STAGES}}
    return result


def save(name, result):
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".json"), "w") as file:
        json.dump(rounded(result), file, indent=1)
        file.write("\n")


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def names(known):
    def parse(text):
        found = text.split(",")
        unknown = [each for each in found if each not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return found
    return parse


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names(PARTS), default=list(PARTS), metavar="PARTS",
                        help="some of " + ",".join(PARTS) + "; each writes its own file of results")
    parser.add_argument("--runtimes", type=names(PRECISIONS), default=list(PRECISIONS), metavar="NAMES",
                        help="some of " + ",".join(PRECISIONS))
    parser.add_argument("--as", dest="processor", choices=list(CLASSES),
                        help="as on a lesser processor: its instructions, not its clock or caches; the tables alone")
    parser.add_argument("--rounds", type=int, default=3, help="rounds through the runtimes (3)")
    parser.add_argument("--runs", type=int, default=2, help="counted pictures a round, behind two that warm up (2)")
    parser.add_argument("--threads", type=int, default=2, help="threads a runtime (2)")
    parser.add_argument("--full", metavar="FOLDER", help="a full-size model made before; else it is synthesized")
    parser.add_argument("--pytorch", default=sys.executable, metavar="COMMAND",
                        help="a Python whose PyTorch is timed, if not the system's")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "src", "cli", "mobilediffusion"), help=argparse.SUPPRESS)
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "comparison"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.processor:
        options.only = [part for part in options.only if part in ("full", "scenes")]
        options.runtimes = [runtime for runtime in options.runtimes if runtime != "pytorch"]
    comparison = Comparison(options)
    for name in ("full", "scenes"):
        if name in options.only:
            comparison.table(name, options.rounds)
    if "size" in options.only:
        comparison.scaling("size", SIZES, lambda each, size: comparison.ours("full", each[1], options.threads, 1, size), 2)
    if "threads" in options.only:
        out = comparison.export("full")
        counts = [n for n in (1, 2, 4, 8, 16, 32) if n <= (os.cpu_count() or 1)]
        comparison.scaling("threads", counts, lambda each, threads: comparison.measure("full", out, *each, threads), 2)
    if "report" in options.only:
        output_of([sys.executable, os.path.join(HERE, "report.py")])


if __name__ == "__main__":
    main()
