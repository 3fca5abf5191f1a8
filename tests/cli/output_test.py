# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Where `mobilediffusion generate` puts its pictures, and what it does where it cannot."""

import os
import subprocess

from program import DONE, FAILED, PROGRAM, ProgramTest, chunks, content, main, size_of


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
        done = self.generate("-", "-o", "q.v1", "--count", "2", "--size", "32x32", text="a\nb\n")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["blue-house-1.png", "blue-house-2.png", "p-1.png", "p-2.png",
                                                           "q-1-1.v1", "q-1-2.v1", "q-2-1.v1", "q-2-2.v1"])

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
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertEqual(os.listdir(self.folder), ["p.png"])
        self.assertEqual(content(self.path("p.png")), b"old")

    def test_a_closed_pipe_is_a_failure(self):
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as pipe:
            self.refused(self.generate("a boat", "-o", "-", "--size", "32x32", stdout=pipe), FAILED, "stdout")


if __name__ == "__main__":
    main()
