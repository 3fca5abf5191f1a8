# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The program at a terminal: progress, interrupts."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time

from program import DONE, INTERRUPTED, PROGRAM, SLOWDOWN, ProgramTest, main


class TerminalTest(ProgramTest):
    def test_quiet_is_quiet(self):
        done = self.generate("a boat", "-q", "-o", "p.png")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (DONE, b"", b""))

    def test_interrupt(self):
        process = subprocess.Popen([PROGRAM, "generate", "a boat", "--model", self.model, "--steps", "1000", "--size", "512x512", "-o", "p.png"],
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60 * SLOWDOWN)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(os.listdir(self.folder), [])

    def test_interrupt_while_it_waits_for_a_prompt(self):
        process = subprocess.Popen([PROGRAM, "generate", "-", "--model", self.model, "--size", "32x32", "-o", "p.png"], cwd=self.folder,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b"a boat\n")
        process.stdin.flush()
        process.stdout.readline()       # drawn: now it waits
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10 * SLOWDOWN), INTERRUPTED)
        self.assertLess(time.monotonic() - began, SLOWDOWN)
        process.communicate()
        self.assertEqual(os.listdir(self.folder), ["p-1.png"])

    def on_terminal(self, columns, *arguments):
        """What it writes to a terminal as wide as that, and how long it took."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        began = time.monotonic()
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        written = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:     # its end: the program is done
                break
            if not piece:
                break
            written += piece
        os.close(master)
        process.communicate(timeout=60 * SLOWDOWN)
        self.assertEqual(process.returncode, DONE)
        return written.decode(), time.monotonic() - began

    def test_progress_is_one_line(self):
        for columns in (1, 8, 20, 43, 44, 80, 0):
            text, seconds = self.on_terminal(columns, "generate", "a boat", "--model", self.model, "--steps", "800",
                                             "-o", "p.png", "--threads", "1")
            self.assertNotIn("\n", text)
            shown = [part for part in text.split("\r") if part.strip()]
            self.assertTrue(all(len(part) < max(2, columns or 80) for part in shown), (columns, shown))
            self.assertTrue(1 <= len(shown) <= 10 * seconds + 2, (columns, len(shown), seconds))
            self.assertTrue(text.endswith("\r"))
        self.assertIn("UNet", text)
        self.assertRegex(text, r"\[=* *\] [0-9]+/[0-9]+")

    def test_notes_do_not_run_into_the_progress(self):
        text, _ = self.on_terminal(60, "generate", "a (red:2) boat", "--model", self.model, "--steps", "20", "-o", "p.png")
        self.assertRegex(text, r'(^|\r)note: "\(red:2\)"')



if __name__ == "__main__":
    main()
