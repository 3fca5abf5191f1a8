# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Where `mobilediffusion generate` puts its pictures, and what it does where it cannot."""

import json
import os
import subprocess

from program import DONE, FAILED, PROGRAM, SLOWDOWN, USAGE, ProgramTest, chunks, content, main, run, size_of


class OutputTest(ProgramTest):
    def test_names_the_file_after_the_prompt(self):
        self.assertEqual(self.generate("Two red/boats ../..").returncode, DONE)
        names = os.listdir(self.folder)
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^[\w-]+\.png$")

    def test_names_what_it_counts(self):
        self.assertEqual(self.generate("a boat", "-o", "p.png", "--count", "2", "--size", "32x32").returncode, DONE)
        self.assertEqual(sorted(os.listdir(self.folder)), ["p-1.png", "p-2.png"])
        self.assertEqual(self.generate("Blue: house!", "--count", "2", "--size", "32x32").returncode, DONE)
        done = self.generate("-", "-o", "q.v1.png", "--count", "2", "--size", "32x32", text="a\nb\n")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["blue-house-1.png", "blue-house-2.png", "p-1.png", "p-2.png",
                                                           "q.v1-1-1.png", "q.v1-1-2.png", "q.v1-2-1.png",
                                                           "q.v1-2-2.png"])

    def test_writes_to_stdout(self):
        done = self.generate("a boat", "-o", "-", "--size", "64x96")
        self.assertEqual(done.returncode, DONE)
        self.assertEqual(size_of(done.stdout), (64, 96))
        self.assertEqual(os.listdir(self.folder), [])

    def test_metadata_only_where_wanted(self):
        self.generate("a secret boat", "-o", "p.png", "--no-metadata")
        png = content(self.path("p.png"))
        self.assertNotIn(b"secret", png)
        self.assertEqual({kind for kind, _ in chunks(png)}, {"IHDR", "IDAT", "IEND"})

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
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * SLOWDOWN)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertEqual(os.listdir(self.folder), ["p.png"])
        self.assertEqual(content(self.path("p.png")), b"old")

    def test_a_closed_pipe_is_a_failure(self):
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as pipe:
            self.refused(self.generate("a boat", "-o", "-", "--size", "32x32", stdout=pipe), FAILED, "stdout")

    def drawn(self, prompt, *arguments, text=None):
        """The files that were made for it."""
        before = set(os.listdir(self.folder))
        done = self.generate(prompt, "--size", "32x32", *arguments, text=text)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return sorted(set(os.listdir(self.folder)) - before)

    def test_names_keep_every_script(self):
        for prompt, name in (("Красная Лодка!", "красная-лодка.png"), ("синий дом", "синий-дом.png"), ("日本の船 🚤", "日本の船.png"),
                             ("Straße", "strasse.png"), ("🚤", "picture.png"), ("", "picture-2.png"), ("NUL", "picture-nul.png"),
                             ("com1", "picture-com1.png"), ("../../etc", "etc.png"), (".hidden", "hidden.png")):
            self.assertEqual(self.drawn(prompt), [name])
        # cut within 100 bytes, at a character's end, behind every other
        for prompt in ("ы" * 300, "a" + "ы" * 300, "船" * 5000, "boat " * 10000):
            (name,) = self.drawn(prompt)
            self.assertTrue(80 < len(name.encode()) <= 104, name)
            name.encode("utf-8", "strict")

    def test_overwrites_nothing_that_nobody_named(self):
        self.assertEqual(self.drawn("a boat", "--seed", "1"), ["a-boat.png"])
        first = content(self.path("a-boat.png"))
        self.assertEqual(self.drawn("a boat", "--seed", "2"), ["a-boat-2.png"])
        self.assertEqual(self.drawn("a boat", "--count", "2"), ["a-boat-1.png", "a-boat-3.png"])
        self.assertEqual(self.drawn("-", "--count", "2", text="a boat\na boat\n"), ["a-boat-1-1.png", "a-boat-1-2.png", "a-boat-2-1.png", "a-boat-2-2.png"])
        self.assertEqual(self.drawn("-", text="a house\na house\n"), ["a-house-1.png", "a-house-2.png"])
        self.assertEqual(self.drawn("-", text="a house\n"), ["a-house-1-2.png"])
        self.assertEqual(content(self.path("a-boat.png")), first)
        self.assertEqual(self.drawn("a boat", "-o", "a-boat.png", "--seed", "3"), [])       # that was asked for
        self.assertNotEqual(content(self.path("a-boat.png")), first)
        # Several programs at once draw for one name.
        arguments = [PROGRAM, "generate", "a tree", "--model", self.model, "--size", "32x32", "--threads", "1"]
        for process in [subprocess.Popen([*arguments, "--seed", str(seed)], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for seed in range(4)]:
            process.communicate(timeout=60 * SLOWDOWN)
            self.assertEqual(process.returncode, DONE)
        trees = [name for name in os.listdir(self.folder) if "tree" in name]
        self.assertEqual(sorted(trees), ["a-tree-2.png", "a-tree-3.png", "a-tree-4.png", "a-tree.png"])
        self.assertEqual(len({content(self.path(name)) for name in trees}), 4)

    def test_an_ending_alone_is_a_name(self):
        self.assertEqual(self.drawn("a boat", "-o", ".png", "--count", "2"), [".png-1", ".png-2"])
        os.mkdir(self.path("v1.0"))
        self.assertEqual(self.drawn("a boat", "-o", "v1.0/boat", "--count", "2"), [])
        self.assertEqual(sorted(os.listdir(self.path("v1.0"))), ["boat-1", "boat-2"])

    def test_where_it_cannot_write_is_found_out_first(self):
        os.makedirs(self.path("folder.png"))
        os.makedirs(self.path("several-2.png"))
        with open(self.path("kept.png"), "w") as file:
            file.write("old")
        os.chmod(self.path("kept.png"), 0o444)
        long = "x" * 300 + ".png"
        cases = [("nosuch/x.png", FAILED), ("folder.png", FAILED), ("folder.png/", FAILED), (long, FAILED), ("boat.gif", USAGE), ("boat.v1", USAGE),
                 ("kept.png/x.png", FAILED)] + [("kept.png", FAILED)] * (os.geteuid() != 0)
        model = ("--model", "/nowhere")     # never looked at
        for path, code in cases:
            for prompt in ("a boat", "-"):
                done = run("generate", prompt, *model, "-o", path, cwd=self.folder, text="a boat\n")
                if prompt == "-" and path in ("folder.png", "kept.png"):        # numbered, it is another
                    continue
                self.assertEqual(done.returncode, code, (path, done.stderr))
                self.assertIn(path.split("/")[0].split(".")[0][:20], done.stderr.decode())
                self.assertNotIn("/nowhere", done.stderr.decode())
        done = run("generate", "a boat", *model, "-o", "several.png", "--count", "3", cwd=self.folder)
        self.assertIn(b"several-2.png", done.stderr)
        for command in (("bench", "/nowhere", "--trace", "nosuch/trace.json"),
                        ("verify", "/nowhere", "/nowhere.safetensors", "--write", "nosuch/ours.safetensors")):
            done = run(*command, cwd=self.folder)
            self.assertEqual(done.returncode, FAILED)
            self.assertIn("cannot write nosuch/", done.stderr.decode())
        self.assertEqual(sorted(os.listdir(self.folder)), ["folder.png", "kept.png", "several-2.png"])
        self.assertEqual(content(self.path("kept.png")), b"old")

    def test_a_file_past_the_allowed_size(self):
        """The system's signal does not end the program: the write fails and says so, and nothing is left."""
        done = subprocess.run(["sh", "-c", 'ulimit -f 4; exec "$@"', "_", PROGRAM, "generate", "a boat", "--model", self.model, "-o", "p.png", "--cache", "none"],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * SLOWDOWN)
        self.refused(done, FAILED, "p.png", "File too large")
        done = subprocess.run(["sh", "-c", 'ulimit -f 4; exec "$@"', "_", PROGRAM, "generate", "a boat", "--model", self.model, "--cache", "none"],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120 * SLOWDOWN)
        self.refused(done, FAILED, "a-boat.png", "File too large")

    def test_writes_into_a_pipe_with_a_name(self):
        os.mkfifo(self.path("pipe.png"))
        reader = subprocess.Popen(["cat", self.path("pipe.png")], stdout=subprocess.PIPE)
        self.addCleanup(reader.kill)
        self.assertEqual(self.generate("a boat", "-o", "pipe.png").returncode, DONE)
        self.assertEqual(size_of(reader.communicate(timeout=60 * SLOWDOWN)[0]), (128, 128))

    def test_jpegs(self):
        self.assertEqual(self.drawn("a boat", "-o", "boat.jpg", "--seed", "7"), ["boat.jpg"])
        self.assertEqual(self.drawn("a boat", "-o", "house.JPEG", "--count", "2", "--no-metadata"), ["house-1.JPEG", "house-2.JPEG"])
        for name in ("boat.jpg", "house-1.JPEG"):
            jpeg = content(self.path(name))
            self.assertEqual((jpeg[:2], jpeg[-2:]), (b"\xff\xd8", b"\xff\xd9"))
            self.assertEqual(b"trainedAlgorithmicMedia" in jpeg, name == "boat.jpg")
        told = json.loads(run("info", self.path("boat.jpg"), "--json").stdout)
        self.assertEqual((told["prompt"], told["seed"], told["model"]), ("a boat", 7, "model"))
        done = self.generate("a house", "--image", "boat.jpg", "-o", "house.png", "--size", "32x32")
        self.assertEqual(done.returncode, DONE, done.stderr)



if __name__ == "__main__":
    main()
