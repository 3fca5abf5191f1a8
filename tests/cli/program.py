# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""What the tests of the program share: it is run as scripts and people run it, and what it prints and where, its exit codes
and what it leaves behind are looked at.

Usage of each test beside this file: NAME_test.py PROGRAM SOURCE-FOLDER [unittest's arguments]
"""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PROGRAM, SOURCE = sys.argv[1], sys.argv[2]
BASE = os.path.join(SOURCE, "tests/data/goldens/base")
with open(os.path.join(SOURCE, "CMakeLists.txt"), encoding="utf-8") as file:
    DEFAULT_MODEL = os.path.join(SOURCE, "models", re.search(r"^set\(MOBILEDIFFUSION_DEFAULT_MODEL ([^)]+)", file.read(), re.MULTILINE)[1])
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
SLOWDOWN = int(os.environ.get("MOBILEDIFFUSION_TESTS_SLOWDOWN", "1"))   # how many times longer all may take


def run(*arguments, text=None, cwd=None, **options):
    """The finished process; stdout and stderr are bytes."""
    return subprocess.run([PROGRAM, *arguments], input=text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text,
                          stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, cwd=cwd, timeout=120 * SLOWDOWN, **options)


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


EMULATED = content(PROGRAM)[:2] == b"#!"     # a script starts it


def header_of(safetensors):
    data = content(safetensors)
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])


class ProgramTest(unittest.TestCase):
    """Has a model of random weights, and an empty folder for each test."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp()
        os.environ["XDG_CACHE_HOME"] = os.path.join(cls.home, "cache")
        cls.model = os.path.join(cls.home, "model")
        made = run("synthesize", BASE, cls.model, "--seed", "5")
        assert made.returncode == DONE, made.stderr
        assert made.stdout.decode().strip().replace("\\", "/") == cls.model.replace("\\", "/")      # Windows has either

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

    def refused_threads(self, *arguments):
        """Refused before any thread is made."""
        for threads in ("-1", "257", "100000"):
            began = time.monotonic()
            self.refused(run(*arguments, "--threads", threads), USAGE, "threads", threads)
            self.assertLess(time.monotonic() - began, 20 * SLOWDOWN)


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
