# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion bench`."""

import json
import os
import struct

from program import DONE, FAILED, USAGE, ProgramTest, content, main, run


class BenchTest(ProgramTest):
    def test_bench(self):
        told = json.loads(run("bench", self.model, "--runs", "2", "--threads", "1", "--json").stdout)
        for stage in ("text", "unet", "decoder"):
            self.assertLessEqual(told["seconds"][stage]["min"], told["seconds"][stage]["median"])
            self.assertLessEqual(told["seconds"][stage]["median"], told["seconds"][stage]["max"])
        self.assertGreater(told["peak_memory_bytes"], 1 << 20)
        self.assertIn(b"unet", run("bench", self.model, "--runs", "1").stdout)
        profiled = run("bench", self.model, "--runs", "1", "--profile", "--trace", self.path("trace.json"))
        self.assertEqual(profiled.returncode, DONE, profiled.stderr)
        for kind in (b"conv2d", b"linear", b"attention", b"group_norm"):
            self.assertIn(kind, profiled.stdout)
        with open(self.path("trace.json")) as file:
            events = json.load(file)["traceEvents"]
        self.assertGreater(len(events), 50)
        os.remove(self.path("trace.json"))
        for path in ("/dev/full", self.path("no/trace.json")):
            lost = run("bench", self.model, "--runs", "1", "--trace", path)
            self.assertEqual(lost.returncode, FAILED)
            self.assertIn(path, lost.stderr.decode())
        self.refused(run("bench", self.model, "--runs", "0"), USAGE, "--runs")

    def test_bench_side_by_side(self):
        with open(self.path("prompts.txt"), "w", newline="", encoding="utf-8") as file:
            file.write("\ufeffa red boat\r\n\n \na blue house\n")
        done = run("bench", self.model, "--size", "64x64", "--against", "int8", "--prompts", self.path("prompts.txt"), "--pictures",
                   self.path("pairs"), "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["pictures"], told["equal"]), (2, 0))
        self.assertGreater(told["psnr"]["min"], 25)
        self.assertEqual(sorted(os.listdir(self.path("pairs"))), ["1.png", "2.png"])
        self.assertEqual(struct.unpack(">II", content(self.path("pairs/1.png"))[16:24]), (128, 64))
        same = json.loads(run("bench", self.model, "--size", "64x64", "--runs", "1", "--against", "float32", "--json").stdout)
        self.assertEqual((same["equal"], same["psnr"]), (1, None))
        self.assertEqual(run("bench", self.model, "--against", "int8", "--pictures", self.path("pairs")).returncode, USAGE)
        self.assertEqual(run("bench", self.model, "--prompts", self.path("prompts.txt")).returncode, USAGE)
        self.assertIn(b"float99", run("bench", self.model, "--against", "float99").stderr)

    def test_cancelled_pictures(self):
        for trims in ([], ["--trim"]):
            done = run("bench", self.model, "--threads", "1", "--steps", "20", "--cancel", "4", *trims, "--json")
            self.assertEqual(done.returncode, DONE, done.stderr)
            rows = json.loads(done.stdout)["cancels"]
            self.assertTrue(1 <= len(rows) <= 4)
            for row in rows:
                self.assertIn(row["stage"], ("text", "unet", "decoder"))
                self.assertGreater(row["after"], 0)
                self.assertGreaterEqual(row["seconds"], 0)
        self.assertIn(b"cancelled in", run("bench", self.model, "--steps", "20", "--cancel", "4").stdout)
        self.refused(run("bench", self.model, "--trim"), USAGE, "--cancel")
        self.refused(run("bench", self.model, "--cancel", "0"), USAGE, "--cancel")

    def test_tells_how_soon_a_typed_picture_is_there(self):
        done = run("bench", self.model, "--threads", "1", "--typing", "2", "--prompt", "a b\u00fct", "--json")
        self.assertEqual((done.returncode, done.stderr), (DONE, b""))
        told = json.loads(done.stdout)
        self.assertGreater(told["generate"], 0)
        self.assertEqual([len(told["typing"][key]) for key in ("seconds", "pictures")], [2, 2])
        for seconds, pictures in zip(told["typing"]["seconds"], told["typing"]["pictures"]):
            self.assertGreater(seconds, 0)
            self.assertIn(pictures, range(1, 6))     # one a character, at most
        self.assertIn(b"after the last one", run("bench", self.model, "--typing", "1", "--prompt", "ab").stdout)
        self.refused(run("bench", self.model, "--typing", "0"), USAGE, "--typing")
        self.refused(run("bench", self.model, "--typing", "1", "--cancel", "1"), USAGE, "--typing")

    def test_absurd_options(self):
        self.refused_threads("bench", self.model, "--runs", "1")
        for option, value, saying in (("--size", "33x32", "width"), ("--size", "big", "--size"),
                                      ("--steps", "1001", "steps"), ("--runs", "10001", "--runs")):
            self.refused(run("bench", self.model, option, value), USAGE, saying)
        self.refused(run("bench", "/nowhere"), FAILED, "/nowhere")


if __name__ == "__main__":
    main()
