# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The program at a terminal: progress, interrupts."""

import os
import signal
import subprocess
import time

from program import DONE, INTERRUPTED, PROGRAM, ProgramTest, main


class TerminalTest(ProgramTest):
    def test_quiet_is_quiet(self):
        done = self.generate("a boat", "-q", "-o", "p.png")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (DONE, b"", b""))

    def test_interrupt(self):
        process = subprocess.Popen([PROGRAM, "generate", "a boat", "--model", self.model, "--steps", "1000", "--size", "512x512", "-o", "p.png"],
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    main()
