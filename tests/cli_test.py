#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The command-line program as scripts and people call it: what it prints and where, its exit codes, what it leaves behind.

Usage: cli_test.py PROGRAM SOURCE-FOLDER [unittest's arguments]
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PROGRAM, SOURCE = sys.argv[1], sys.argv[2]
BASE = os.path.join(SOURCE, "tests/data/goldens/base")
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def run(*arguments, text=None, cwd=None, **options):
    """The finished process; stdout and stderr are bytes."""
    return subprocess.run([PROGRAM, *arguments], input=text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text,
                          stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, cwd=cwd, timeout=120, **options)


def chunks(png):
    """The chunks of a PNG, each checked against its own sum."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n", png[:16]
    at = 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        yield kind.decode(), body
        at += 12 + length


def size_of(png):
    return struct.unpack(">II", next(body for kind, body in chunks(png) if kind == "IHDR")[:8])


def content(path):
    with open(path, "rb") as file:
        return file.read()


def header_of(safetensors):
    data = content(safetensors)
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp()
        os.environ["XDG_CACHE_HOME"] = os.path.join(cls.home, "cache")
        cls.model = os.path.join(cls.home, "model")
        made = run("synthesize", BASE, cls.model, "--seed", "5")
        assert made.returncode == DONE, made.stderr
        assert made.stdout.decode().strip() == cls.model

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.home)

    def path(self, leaf):
        return os.path.join(self.folder, leaf)

    def generate(self, prompt, *arguments, **options):
        return run("generate", prompt, "--model", self.model, "--threads", "1", *arguments, cwd=self.folder, **options)

    def refused(self, done, code, *saying):
        """Failed with that code, said why on stderr in one line, printed nothing and left nothing behind."""
        self.assertEqual(done.returncode, code, done.stderr)
        for words in saying:
            self.assertIn(words, done.stderr.decode())
        self.assertEqual(done.stdout or b"", b"")
        self.assertEqual(os.listdir(self.folder), [])

    # generate

    def test_draws_a_picture(self):
        done = self.generate("two red boats", "-o", "boats.png", "--seed", "7")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(done.stderr, b"")      # no progress into a pipe
        self.assertIn(b"boats.png  128x128  seed 7  text", done.stdout)
        png = content(self.path("boats.png"))
        self.assertEqual(size_of(png), (128, 128))
        told = json.loads(run("info", self.path("boats.png"), "--json").stdout)
        self.assertEqual((told["prompt"], told["seed"], told["model"], told["steps"]), ("two red boats", 7, "model", 1))
        self.assertIn(b"two red boats", run("info", self.path("boats.png")).stdout)
        self.assertTrue(any(b"trainedAlgorithmicMedia" in body for _, body in chunks(png)))

    def test_names_the_file_after_the_prompt(self):
        self.assertEqual(self.generate("Two red/boats ../..").returncode, DONE)
        names = os.listdir(self.folder)
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^[\w-]+\.png$")

    def test_begins_with_a_picture(self):
        # One that the program drew, and a JPEG's and a PNG's troubles.
        self.assertEqual(self.generate("a boat", "-o", "boat.png", "--size", "64x96").returncode, DONE)
        done = self.generate("a house", "--image", "boat.png", "--strength", "0.5", "-o", "house.png", "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertGreater(json.loads(done.stdout)["seconds"]["encoder"], 0)
        self.assertEqual(size_of(content(self.path("house.png"))), (128, 128))
        self.assertEqual(self.generate("a house", "--image", "boat.png", "-o", "other.png").returncode, DONE)
        self.assertNotEqual(content(self.path("house.png")), content(self.path("other.png")))
        whole = content(self.path("boat.png"))
        for name, data, saying in (("short.png", whole[:len(whole) // 2], "short.png"), ("no.gif", b"GIF89a....", "neither"),
                                   ("short.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "truncated")):
            with open(self.path(name), "wb") as file:
                file.write(data)
            done = self.generate("a house", "--image", name, "-o", "none.png")
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn(saying, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)
        for strength in ("-0.1", "1.5", "nan", "x"):
            done = self.generate("a house", "--image", "boat.png", "--strength", strength, "-o", "none.png")
            self.assertEqual(done.returncode, USAGE, (strength, done.stderr))
        self.assertEqual(self.generate("a house", "--image", "nowhere.png", "-o", "none.png").returncode, FAILED)
        self.assertFalse(os.path.exists(self.path("none.png")))

    def test_a_model_without_an_encoder_says_so(self):
        bare = os.path.join(self.home, "bare")
        shutil.copytree(self.model, bare)
        shutil.copy(os.path.join(BASE, "vae/diffusion_pytorch_model.safetensors"), os.path.join(bare, "vae"))
        self.assertEqual(self.generate("a boat", "-o", "boat.png", "--size", "32x32").returncode, DONE)
        done = run("generate", "a boat", "--model", bare, "--image", "boat.png", "-o", "none.png", cwd=self.folder)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("has no encoder to begin with a picture", done.stderr.decode())
        self.assertIn("lacks the tensor encoder.", done.stderr.decode())
        self.assertEqual(os.listdir(self.folder), ["boat.png"])

    def test_adds_loras(self):
        layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
        width = header_of(os.path.join(self.model, "unet/diffusion_pytorch_model.safetensors"))[
            "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"]["shape"][0]

        def lora(name, layer):
            values = struct.pack(f"<{2 * width}f", *(0.4 * (i * 7 % 5 - 2) for i in range(2 * width)))
            entries, at = {}, 0
            for part, shape in (("lora_down", [2, width]), ("lora_up", [width, 2])):
                entries[f"{layer}.{part}.weight"] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(values)]}
                at += len(values)
            header = json.dumps(entries).encode()
            with open(self.path(name), "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header + 2 * values)

        lora("paint:1.safetensors", layer)      # a colon that begins no weight
        lora("other.safetensors", "lora_unet_another_models")
        pictures = []
        for arguments in ((), ("--lora", "paint:1.safetensors"), ("--lora", "paint:1.safetensors:0.5"),
                          ("--lora", "paint:1.safetensors:0.25", "--lora", "paint:1.safetensors:0.25"),
                          ("--lora", "paint:1.safetensors:0")):
            done = self.generate("a boat", "-o", "boat.png", "--size", "64x64", "--no-metadata", *arguments)
            self.assertEqual(done.returncode, DONE, done.stderr)
            pictures.append(content(self.path("boat.png")))
        self.assertEqual(len({pictures[0], pictures[1], pictures[2]}), 3)
        self.assertEqual(pictures[0], pictures[4])
        done = self.generate("a boat", "-o", "boat.png", "--size", "64x64", "--lora", self.path("paint:1.safetensors:0.5"))
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = json.loads(run("info", self.path("boat.png"), "--json").stdout)
        self.assertEqual((told["loras"], told["strength"]), (["paint:1.safetensors:0.5"], None))
        os.remove(self.path("boat.png"))
        for argument, code, saying in (("other.safetensors", FAILED, "was made for another model: of the 1 layers"),
                                       ("nowhere.safetensors", FAILED, "nowhere.safetensors"),
                                       ("paint:1.safetensors:nan", USAGE, "must be a number"),
                                       ("some.ckpt", FAILED, "is a pickle")):
            done = self.generate("a boat", "-o", "boat.png", "--lora", argument)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(saying, done.stderr.decode())
            self.assertFalse(os.path.exists(self.path("boat.png")))

    def test_writes_to_stdout(self):
        done = self.generate("a boat", "-o", "-", "--size", "64x96")
        self.assertEqual(done.returncode, DONE)
        self.assertEqual(size_of(done.stdout), (64, 96))
        self.assertEqual(os.listdir(self.folder), [])

    def test_reads_prompts_from_stdin(self):
        done = self.generate("-", "-o", "p.png", "--json", text="a boat\r\n\nein Schiff, ünïcode\n")
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([t["prompt"] for t in told], ["a boat", "", "ein Schiff, ünïcode"])
        self.assertEqual(sorted(os.path.basename(t["file"]) for t in told), sorted(os.listdir(self.folder)))
        self.assertEqual(len(os.listdir(self.folder)), 3)

    def test_counts_seeds_up(self):
        done = self.generate("a boat", "-o", "p.png", "--count", "3", "--seed", "9", "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([t["seed"] for t in told], [9, 10, 11])
        self.assertEqual(len({content(self.path(t["file"])) for t in told}), 3)

    def test_names_what_it_counts(self):
        self.assertEqual(self.generate("a boat", "-o", "p.png", "--count", "2", "--size", "32x32").returncode, DONE)
        self.assertEqual(sorted(os.listdir(self.folder)), ["p-1.png", "p-2.png"])
        self.assertEqual(self.generate("Blue: house!", "--count", "2", "--size", "32x32").returncode, DONE)
        done = self.generate("-", "-o", "q.v1", "--count", "2", "--size", "32x32", text="a\nb\n")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["blue-house-1.png", "blue-house-2.png", "p-1.png", "p-2.png",
                                                           "q-1-1.v1", "q-1-2.v1", "q-2-1.v1", "q-2-2.v1"])

    def test_stdin_names_the_line_that_is_wrong(self):
        done = self.generate("-", "-o", "p.png", "--size", "32x32", text=b"a boat\nb\xff\na house\n")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("line 2 of stdin: the prompt is not valid UTF-8: see byte 1", done.stderr.decode())
        self.assertEqual(os.listdir(self.folder), ["p-1.png"])      # what was right is kept

    def test_a_closed_pipe_is_a_failure(self):
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as pipe:
            self.refused(self.generate("a boat", "-o", "-", "--size", "32x32", stdout=pipe), FAILED, "stdout")

    def test_absurd_threads_and_counts(self):
        for option, value, saying in (("--threads", "-1", "threads"), ("--threads", "257", "threads"),
                                      ("--threads", "x", "--threads"), ("--threads", "99999999999", "--threads"),
                                      ("--count", "1000001", "--count"), ("--count", "x", "--count"),
                                      ("--steps", "1001", "steps"), ("--size", "0x64", "--size"),
                                      ("--size", "32x33", "height must be a multiple of 32"),
                                      ("--guidance", "-1", "guidance"), ("--guidance", "inf", "guidance"),
                                      ("--seed", "", "--seed"), ("--seed", "1.5", "--seed")):
            # not by generate(), which says --threads itself
            done = run("generate", "a boat", "--model", self.model, "-o", "p.png", option, value, cwd=self.folder)
            self.refused(done, USAGE, saying)
        expected = os.path.join(BASE, "expected.safetensors")
        for command, arguments in (("bench", (self.model, "--runs", "1")), ("verify", (BASE, expected))):
            for threads in ("-1", "257", "100000"):
                began = time.monotonic()
                self.refused(run(command, *arguments, "--threads", threads), USAGE, "threads", threads)
                self.assertLess(time.monotonic() - began, 20)       # before any thread is made
        for option, value, saying in (("--size", "33x32", "width"), ("--size", "big", "--size"),
                                      ("--steps", "1001", "steps"), ("--runs", "10001", "--runs")):
            self.refused(run("bench", self.model, option, value), USAGE, saying)
        self.refused(run("bench", "/nowhere"), FAILED, "/nowhere")

    def test_models_that_lie(self):
        """Nothing in a file crashes the program, and what it is called stays on one line, without escape sequences."""
        broken = os.path.join(self.home, "broken")
        for file, text, saying in (("tokenizer/vocab.json", '{"a":' + "[" * 10**6 + "]" * 10**6 + "}", "vocab.json"),
                                   ("unet/config.json", "[" * 1000000, "unet/config.json"),
                                   ("unet/config.json", '{"_class_name": "\\u001b[31mred\\n"}', "?[31mred?"),
                                   ("text_encoder/config.json", "", "text_encoder/config.json"),
                                   ("unet/diffusion_pytorch_model.safetensors", "x" * 91, "model.safetensors"),
                                   ("model_index.json", '{"_class_name": "AnotherPipeline"}', "AnotherPipeline")):
            shutil.rmtree(broken, ignore_errors=True)
            shutil.copytree(self.model, broken)
            with open(os.path.join(broken, file), "w") as out:
                out.write(text)
            done = run("generate", "a boat", "--model", broken, "-o", "p.png", cwd=self.folder)
            self.refused(done, FAILED, saying)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertNotIn(b"\x1b", done.stderr)

    def test_json_says_all(self):
        told = json.loads(self.generate("a boat", "-o", "p.png", "--json", "--steps", "2").stdout)
        self.assertEqual((told["width"], told["height"], told["steps"], told["prompt_truncated"]), (128, 128, 2, False))
        self.assertEqual(set(told["seconds"]), {"load", "encoder", "text", "unet", "decoder", "total"})
        self.assertEqual((told["guidance"], told["sampler"], told["noise"]), (1.0, "gan", "philox"))

    def test_bench_side_by_side(self):
        with open(self.path("prompts.txt"), "w") as file:
            file.write("a red boat\n\na blue house\n")
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

    def test_samplers_and_noise(self):
        pictures = set()
        for sampler, steps, noise in (("gan", 1, "philox"), ("gan", 1, "torch"), ("one-step", 2, "torch"), ("sid", 1, "philox"),
                                      ("ddim", 3, "philox"), ("plms", 3, "philox"), ("euler", 3, "philox"), ("euler-a", 3, "torch"),
                                      ("dpm++", 3, "philox"), ("deis", 3, "philox"), ("lcm", 3, "torch"), ("tcd", 2, "philox"),
                                      ("flow", 2, "philox")):
            done = self.generate("a boat", "-o", "p.png", "--json", "--sampler", sampler, "--steps", str(steps), "--noise", noise,
                                 "--size", "64x64")
            self.assertEqual(done.returncode, DONE, done.stderr)
            told = json.loads(done.stdout)
            self.assertEqual((told["sampler"], told["steps"], told["noise"]), (sampler, steps, noise))
            kept = json.loads(run("info", self.path("p.png"), "--json").stdout)
            self.assertEqual((kept["sampler"], kept["noise"]), (sampler, noise))
            pictures.add(b"".join(body for kind, body in chunks(content(self.path("p.png"))) if kind == "IDAT"))
        self.assertEqual(len(pictures), 13)

    def test_guidance_up_to_one_is_off(self):
        pictures = []
        for guidance in ("0", "1", "1.5"):
            self.generate("a boat", "-o", "p.png", "--guidance", guidance, "--no-metadata", "--size", "64x64")
            pictures.append(content(self.path("p.png")))
        self.assertEqual(pictures[0], pictures[1])
        self.assertNotEqual(pictures[0], pictures[2])

    def test_metadata_only_where_wanted(self):
        self.generate("a secret boat", "-o", "p.png", "--no-metadata")
        png = content(self.path("p.png"))
        self.assertNotIn(b"secret", png)
        self.assertEqual({kind for kind, _ in chunks(png)}, {"IHDR", "IDAT", "IEND"})

    def test_quiet_is_quiet(self):
        done = self.generate("a boat", "-q", "-o", "p.png")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (DONE, b"", b""))

    def test_any_prompt(self):
        for prompt in ("", "日本の船 🚤", "-" * 3, "boat " * 10000):
            done = self.generate("--", prompt) if prompt.startswith("-") else self.generate(prompt, "-o", "p.png")
            if prompt.startswith("-"):
                continue
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertEqual(b"the first 75 are read" in done.stderr, len(prompt) > 1000)

    def test_wrong_prompts(self):
        self.refused(self.generate(b"a boat\xff", "-o", "p.png"), USAGE, "UTF-8", "byte 6")
        self.refused(self.generate("-", "-o", "p.png", text=""), USAGE, "stdin held no prompt")

    def test_absurd_options(self):
        for arguments, saying in ((("--size", "100x100"), "width must be a multiple of 32"), (("--size", "0x0"), "--size"),
                                  (("--size", "64"), "--size"), (("--size", "64x64x64"), "--size"), (("--size", "-64x64"), "--size"),
                                  (("--size", "99999999999x64"), "--size"), (("--size", "32768x32768"), "too large"),
                                  (("--steps", "-1"), "steps"), (("--steps", "100000"), "steps"), (("--steps", "x"), "--steps"),
                                  (("--count", "0"), "--count"), (("--count", "-3"), "--count"), (("--seed", "-1"), "--seed"),
                                  (("--seed", "18446744073709551616"), "--seed"), (("--guidance", "nan"), "guidance"),
                                  (("--threads", "100000"), "threads"), (("--sampler", "heun"), "heun"), (("--noise", "white"), "--noise"),
                                  (("--frobnicate",), "--frobnicate"), (("-o", "-", "--json"), "stdout")):
            if "-o" not in arguments:
                arguments += ("-o", "p.png")
            self.refused(run("generate", "a boat", "--model", self.model, *arguments, cwd=self.folder), USAGE, saying)

    def test_missing_model(self):
        self.refused(run("generate", "a boat", "--model", "/nowhere", cwd=self.folder), FAILED, "/nowhere")
        self.refused(run("generate", "a boat", cwd=self.folder, env={**os.environ, "MOBILEDIFFUSION_MODEL": "/nowhere"}), FAILED, "/nowhere")

    def test_unwritable_output(self):
        self.refused(self.generate("a boat", "-o", "no/such/folder.png"), FAILED, "no/such")
        self.refused(self.generate("a boat", "-o", self.folder), FAILED, self.folder)
        self.refused(self.generate("a boat", "-o", "/dev/full"), FAILED, "/dev/full", "No space left")
        with open("/dev/full", "wb") as full:
            self.refused(self.generate("a boat", "-o", "-", stdout=full), FAILED, "stdout")

    def test_a_failed_write_keeps_what_was_there(self):
        with open(self.path("p.png"), "w") as file:
            file.write("old")
        # the shell's limit is in units of 1 KiB: less than a picture
        done = subprocess.run(["sh", "-c", 'ulimit -f 4; trap "" XFSZ; exec "$@"', "_", PROGRAM, "generate", "a boat", "--model", self.model, "-o", "p.png"],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertEqual(os.listdir(self.folder), ["p.png"])
        self.assertEqual(content(self.path("p.png")), b"old")

    def test_interrupt(self):
        process = subprocess.Popen([PROGRAM, "generate", "a boat", "--model", self.model, "--steps", "1000", "--size", "512x512", "-o", "p.png"],
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(os.listdir(self.folder), [])

    # the others

    def test_help_and_version(self):
        for command in ((), ("generate",), ("info",), ("bench",), ("synthesize",), ("verify",), ("tokenize",), ("words",)):
            done = run(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (DONE, b""))
            self.assertIn(b"Example", done.stdout)
        self.assertRegex(run("--version").stdout.decode(), r"^\d+\.\d+\.\d+ \(XNNPACK .+\)\n$")

    def test_usage(self):
        for arguments in ((), ("paint",), ("generate",), ("generate", "a", "b"), ("verify",), ("synthesize", BASE)):
            done = run(*arguments)
            self.assertEqual(done.returncode, USAGE, arguments)
            self.assertEqual(done.stdout, b"")
            self.assertNotEqual(done.stderr, b"")

    def test_info(self):
        told = json.loads(run("info", os.path.join(SOURCE, "models/mobilediffusion"), "--json").stdout)
        parts = ("text_encoder", "unet", "decoder")
        for figure in ("parameters", "macs"):
            self.assertTrue(all(isinstance(told[part][figure], int) for part in parts))
            self.assertEqual(sum(told[part][figure] for part in parts), told["total"][figure])
        self.assertAlmostEqual(told["total"]["parameters"] / 1e6, 520.4, delta=0.1)
        self.assertIn(b"down_blocks.0", run("info", os.path.join(SOURCE, "models/mobilediffusion")).stdout)

    def test_info_on_what_is_no_picture_of_ours(self):
        self.refused(run("info", "/nowhere.png"), FAILED, "/nowhere.png")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(b"not a PNG at all")
            file.flush()
            done = run("info", file.name)
            self.assertNotEqual(done.returncode, DONE)
            self.assertIn(file.name, done.stderr.decode())

    def test_info_on_pictures_of_others(self):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0"))
        for name, content_of, saying in (("foreign.png", png + chunk(b"IEND", b""), "not one of ours"),
                                         ("cut.png", png, "cut.png"), ("empty.png", b"", "empty.png"),
                                         ("text.png", b"a boat", "not a PNG"),
                                         ("sum.png", png[:-1] + b"x" + chunk(b"IEND", b""), "sum.png")):
            with open(self.path(name), "wb") as file:
                file.write(content_of)
            for arguments in ((), ("--json",)):
                done = run("info", self.path(name), *arguments)
                self.assertIn(done.returncode, (FAILED, USAGE), name)
                self.assertEqual(done.stdout, b"")
                self.assertIn(saying, done.stderr.decode())
        self.assertEqual(self.generate("a boat", "-o", "bare.png", "--no-metadata", "--size", "32x32").returncode, DONE)
        self.assertIn(b"saved without metadata", run("info", self.path("bare.png")).stderr)

    def test_info_on_folders(self):
        self.refused(run("info", self.folder), FAILED, "model_index.json")
        config = os.path.join(self.home, "config-alone")
        shutil.copytree(self.model, config, ignore=shutil.ignore_patterns("*.safetensors", "tokenizer"))
        told = json.loads(run("info", config, "--json").stdout)
        whole = json.loads(run("info", self.model, "--json").stdout)
        self.assertEqual((told.pop("model"), whole.pop("model")), ("config-alone", "model"))
        self.assertEqual(told, whole)
        self.refused(run("generate", "a boat", "--model", config, "-o", "p.png", cwd=self.folder), FAILED, "tokenizer")
        os.makedirs(os.path.join(config, "tokenizer"))
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(os.path.join(self.model, "tokenizer", name), os.path.join(config, "tokenizer"))
        done = run("generate", "a boat", "--model", config, "-o", "p.png", cwd=self.folder)
        self.refused(done, FAILED, "text_encoder/model.safetensors")

    def test_verify_names_what_does_not_fit(self):
        def write(name, shape, dtype="F32", data=None):
            data = bytes(4 * shape[0] * shape[1] * shape[2] * shape[3]) if data is None else data
            header = json.dumps({name: {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
            path = os.path.join(self.home, "given.safetensors")
            with open(path, "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header + data)
            return path

        for given, saying in ((("latents", [1, 4, 4, 4]), ("one picture of 8 channels", "(1, 4, 4, 4)")),
                              (("latents", [1, 8, 6, 4]), ("multiples of 4, not 4x6",)),
                              (("decoder_input", [2, 8, 4, 4]), ("decoder_input", "(2, 8, 4, 4)")),
                              (("latents", [1, 8, 4, 4], "F32", bytes(508) + b"\0\0\xc0\x7f"), ("latents", "NaN")),
                              (("input_ids", [1, 1], "I64", struct.pack("<q", 600)), ("holds 600", "has 600")),
                              (("input_ids", [1], "I64", struct.pack("<q", 1 << 40)), ("given.", "1099511627776")),
                              (("input_ids", [1, 1, 1, 100], "I32", bytes(400)), ("1 to 77 ids, not 100",)),
                              (("input_ids", [1, 1, 1, 1]), ("input_ids is F32; expected I64 or I32",)),
                              (("x", [1, 1, 1, 1]), ("no output to compare",))):
            self.refused(run("verify", BASE, write(*given), "--threads", "1"), FAILED, *saying)
        # an output of another shape: both are named
        with open(os.path.join(BASE, "expected.safetensors"), "rb") as file:
            whole = file.read()
        end = 8 + struct.unpack("<Q", whole[:8])[0]
        header = json.loads(whole[8:end])
        shape = header["decoder_output"]["shape"]
        header["decoder_output"]["shape"] = [1, shape[2], shape[1], shape[3]]
        text = json.dumps(header).encode()
        path = os.path.join(self.home, "turned.safetensors")
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + whole[end:])
        done = run("verify", BASE, path, "--threads", "1")
        self.assertEqual(done.returncode, FAILED)
        for turned in (header["decoder_output"]["shape"], shape):
            self.assertIn("(" + ", ".join(map(str, turned)) + ")", done.stderr.decode())

    def test_verify_writes_whole_or_not_at_all(self):
        expected = os.path.join(BASE, "expected.safetensors")
        for path in ("/dev/full", os.path.join(self.folder, "no/such.safetensors"), self.folder):
            self.refused(run("verify", BASE, expected, "--write", path, "--threads", "1"), FAILED, path)
        self.refused(run("verify", BASE, "/nowhere.safetensors"), FAILED, "/nowhere.safetensors")
        self.refused(run("verify", BASE, expected, "--tolerance", "-1"), USAGE, "--tolerance")

    def test_precision(self):
        expected = os.path.join(BASE, "expected.safetensors")
        exact = run("verify", BASE, expected, "--precision", "float32")
        self.assertEqual(exact.returncode, DONE, exact.stdout)
        half = run("verify", BASE, expected, "--precision", "float16", "--json")
        for output in json.loads(half.stdout)["outputs"]:
            self.assertGreater(output["psnr"], 45, output)
        rounded = run("verify", BASE, expected, "--precision", "int8", "--json")
        self.assertEqual(rounded.returncode, FAILED)
        self.assertFalse(json.loads(rounded.stdout)["ok"])
        loose = run("verify", BASE, expected, "--precision", "int8", "--tolerance", "0.1", "--json")
        for output in json.loads(loose.stdout)["outputs"]:
            self.assertGreater(output["psnr"], 30, output)
        self.refused(run("bench", BASE, "--precision", "float8"), USAGE, "float8")

    def test_cache_and_memory(self):
        kept = os.path.join(os.environ["XDG_CACHE_HOME"], "mobilediffusion")
        cache = tempfile.mkdtemp(dir=self.home)
        pictures = set()
        for arguments in (("--cache", "none"), ("--cache", cache), ("--cache", cache), ("--cache", cache, "--memory", "keep"),
                          ("--memory", "stream"), ("--memory", "keep", "--cache", "none")):
            done = self.generate("a boat", "-q", "-o", "-", "--no-metadata", *arguments)
            self.assertEqual((done.returncode, done.stderr), (DONE, b""), arguments)
            pictures.add(done.stdout)
        self.assertEqual(len(pictures), 1)
        for folder in (cache, kept):
            self.assertTrue({name.split("-")[0] for name in os.listdir(folder)} >= {"text_encoder", "unet", "decoder"})
        # What cannot be kept is a note, not an error.
        done = self.generate("a boat", "-o", "-", "--cache", "/dev/null/no")
        self.assertEqual((done.returncode, size_of(done.stdout)), (DONE, (128, 128)))
        self.assertIn(b"/dev/null/no", done.stderr)
        done = self.generate("a boat", "-o", "-", "--cache", self.path("tiny"), "--cache-limit", "0")
        self.assertEqual(done.returncode, DONE)
        self.assertIn(b"the cache may have 0 MiB", done.stderr)
        self.refused(self.generate("a boat", "--memory", "swap"), USAGE, "swap")
        self.refused(self.generate("a boat", "--cache-limit", "-1"), USAGE, "--cache-limit")

    def test_synthesize_where_it_cannot(self):
        with open(self.path("file"), "w") as file:
            file.write("old")
        for target, code in ((self.path("file"), USAGE), (self.path("file/below"), FAILED), ("/dev/null", USAGE),
                             (BASE, USAGE)):
            done = run("synthesize", BASE, target)
            self.assertEqual(done.returncode, code, (target, done.stderr))
            self.assertIn(target, done.stderr.decode())
            self.assertEqual(done.stdout, b"")
        self.assertEqual(os.listdir(self.folder), ["file"])
        self.assertEqual(content(self.path("file")), b"old")
        for arguments in (("--dtype", "F8"), ("--seed", "-1"), ("--seed", "x")):
            self.assertEqual(run("synthesize", BASE, self.path("made"), *arguments).returncode, USAGE, arguments)
        self.assertEqual(os.listdir(self.folder), ["file"])
        os.mkdir(self.path("empty"))
        self.assertEqual(run("synthesize", BASE, self.path("empty") + "/").returncode, DONE)
        self.assertEqual(run("tokenize", self.path("empty"), text="a\n").returncode, DONE)

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

    def test_synthesize(self):
        same, other = self.path("same"), self.path("other")
        self.assertEqual(run("synthesize", BASE, same, "--seed", "5").returncode, DONE)
        self.assertEqual(run("synthesize", BASE, other, "--seed", "6", "--dtype", "F32").returncode, DONE)
        weights = "unet/diffusion_pytorch_model.safetensors"
        read = [content(os.path.join(folder, weights)) for folder in (self.model, same, other)]
        self.assertEqual(read[0], read[1])
        self.assertNotEqual(read[0], read[2])
        done = run("synthesize", BASE, same)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"no empty folder", done.stderr)
        done = run("synthesize", "/nowhere", self.path("third"))
        self.assertEqual(done.returncode, FAILED)
        done = run("synthesize", BASE, self.path("no/such/folder/.."), "--tokenizer", "/nowhere")
        self.assertNotEqual(done.returncode, DONE)
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if "part" in name or "third" in name), [])

    def test_quantize_knows_the_old_attention_names(self):
        aged, small = self.path("aged"), self.path("small")
        shutil.copytree(BASE, aged)
        weights = os.path.join(aged, "vae/diffusion_pytorch_model.safetensors")
        data = content(weights)
        end = 8 + struct.unpack("<Q", data[:8])[0]
        header = data[8:end].decode()
        for name, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
            self.assertIn("attentions.0." + name, header)
            header = header.replace("attentions.0." + name, "attentions.0." + old)
        with open(weights, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header.encode() + data[end:])
        done = run("quantize", aged, small)
        self.assertEqual(done.returncode, DONE, done.stderr)
        kept = header_of(os.path.join(small, "vae/diffusion_pytorch_model.safetensors"))
        self.assertEqual(kept["decoder.mid_block.attentions.0.query.weight"]["dtype"], "I8")
        told = run("verify", small, os.path.join(BASE, "expected.safetensors"), "--tolerance", "0.1", "--json")
        for output in json.loads(told.stdout)["outputs"]:
            self.assertTrue(30 < output["psnr"] < 70, output)

    def test_quantize(self):
        small = self.path("small")
        done = run("quantize", self.model, small)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn(b" dB", done.stdout)
        for part in ("text_encoder/model", "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model"):
            before, after = (os.path.getsize(os.path.join(folder, part + ".safetensors")) for folder in (self.model, small))
            self.assertLess(after, 0.75 * before, part)
        self.assertEqual(run("generate", "a boat", "--model", small, "-q", "-o", "-", "--precision", "int8").returncode, DONE)
        # In either precision it answers much like the golden model that it was made of, and not quite.
        golden = self.path("golden")
        self.assertEqual(run("quantize", BASE, golden).returncode, DONE)
        for precision in ("float32", "float16", "int8"):
            told = run("verify", golden, os.path.join(BASE, "expected.safetensors"), "--precision", precision, "--tolerance",
                       "0.1", "--json")
            for output in json.loads(told.stdout)["outputs"]:
                self.assertTrue(30 < output["psnr"] < 70, output)
        shutil.rmtree(golden)
        self.assertEqual(run("info", small).stdout.splitlines()[1:], run("info", self.model).stdout.splitlines()[1:])
        told = json.loads(run("quantize", self.model, self.path("told"), "--json").stdout)
        layers = [layer for network in told["networks"].values() for layer in network]
        self.assertTrue(all(layer["snr_db"] > 30 for layer in layers))
        self.assertLess(told["bytes"], told["bytes_before"])
        # Twice, onto something, onto a full disk: refused, and nothing left behind.
        shutil.rmtree(self.path("told"))
        for arguments, saying in (((small, self.path("again")), "int8 already"), ((self.model, small), "no empty folder"),
                                  ((self.path("none"), self.path("again")), "none"), ((self.model, "/dev/null/x"), "/dev/null/x")):
            done = run("quantize", *arguments)
            self.assertIn(done.returncode, (FAILED, USAGE))
            self.assertIn(saying, done.stderr.decode())
            self.assertEqual(os.listdir(self.folder), ["small"])

    def test_words(self):
        done = run("words", BASE)
        self.assertEqual(done.returncode, DONE)
        self.assertIn(b"no list of words", done.stdout)
        self.assertEqual(json.loads(run("words", BASE, "--json").stdout), {})
        self.assertEqual(run("words", "/nowhere").returncode, FAILED)
        taught = self.path("taught")
        shutil.copytree(self.model, taught)
        with open(os.path.join(taught, "words.json"), "w") as file:
            json.dump({"subjects": ["boat", "hot-air balloon"], "others": ["a"]}, file)
        self.assertIn(b"hot-air balloon", run("words", taught).stdout)
        done = run("generate", "a red boat", "--model", taught, "-o", self.path("boat.png"), "--json")
        self.assertEqual(done.returncode, DONE)
        self.assertEqual(json.loads(done.stdout)["unknown_words"], ["red"])
        self.assertIn(b"never taught: red", done.stderr)

    def test_verify(self):
        expected = os.path.join(BASE, "expected.safetensors")
        done = run("verify", BASE, expected)
        self.assertEqual(done.returncode, DONE, done.stdout)
        self.assertIn(b"pipeline_rgb", done.stdout)
        ours = self.path("ours.safetensors")
        told = run("verify", BASE, expected, "--write", ours, "--json", "--threads", "1")
        self.assertEqual(told.returncode, DONE)
        json.loads(told.stdout)
        self.assertEqual(set(header_of(ours)), {"text_hidden", "unet_output", "x0", "decoder_output", "pipeline_rgb"})
        self.assertEqual(run("verify", BASE, expected, "--tolerance", "1e-12", "--threads", "1").returncode, FAILED)
        self.assertEqual(run("verify", self.model, expected, "--threads", "1").returncode, FAILED)    # other weights
        with open(self.path("short.safetensors"), "wb") as file:
            file.write(content(expected)[:91])
        done = run("verify", BASE, self.path("short.safetensors"))
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"short.safetensors", done.stderr)

    def test_tokenize(self):
        done = run("tokenize", self.model, text="a boat\n\n")
        self.assertEqual(done.returncode, DONE)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([len(row) for row in rows], [77, 77])
        self.assertEqual(rows[1], [598] + [599] * 76)
        as_json = run("tokenize", self.model, "--jsonl", text='"a boat"\n"two\\nlines"\n')
        self.assertEqual(json.loads(as_json.stdout.splitlines()[0]), rows[0])
        self.assertEqual(len(as_json.stdout.splitlines()), 2)
        for arguments, text, saying in (((), b"fine\n\xff\n", "line 2"), (("--jsonl",), b"[1]\n", "line 1"), (("--jsonl",), b"\"\xff\"\n", "line 1")):
            done = run("tokenize", self.model, *arguments, text=text)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(saying, done.stderr.decode())
        self.refused(run("tokenize", "/nowhere", text=""), FAILED, "/nowhere")
        with open("/dev/full", "wb") as full:
            self.assertEqual(run("tokenize", self.model, text="a\n" * 5000, stdout=full).returncode, FAILED)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
