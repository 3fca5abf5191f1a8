#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Whether the training recipe's workers in processes of their own answer in order, no more than some jobs ahead, and let go of whoever
takes no more: training_crew_test.py SOURCE_DIR."""
import itertools
import os
import sys
import unittest

sys.path.insert(0, os.path.join(sys.argv[1], "models", "training"))     # in the workers' processes too

from world import rendering  # noqa: E402  (found by the path above)


class Doubler:
    def __init__(self, offset):
        self.offset = offset

    def __call__(self, number):
        return 2 * number + self.offset, os.getpid()


class CrewTest(unittest.TestCase):
    def setUp(self):
        few, rendering.FEW_CORES = rendering.FEW_CORES, 1
        self.addCleanup(setattr, rendering, "FEW_CORES", few)
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("one core makes no crew")

    def test_answers_come_in_order_from_other_processes(self):
        answers = list(rendering.Crew(Doubler, 1)((number,) for number in range(100)))
        self.assertEqual([answer for answer, _ in answers], list(range(1, 201, 2)))
        self.assertNotIn(os.getpid(), {process for _, process in answers})

    def test_endless_jobs_are_asked_for_as_they_are_taken(self):
        asked = []
        jobs = (asked.append(number) or (number,) for number in itertools.count())
        crew = rendering.Crew(Doubler, 0)
        answers = crew(jobs)
        taken = [next(answers)[0] for _ in range(50)]
        answers.close()
        self.assertEqual(taken, list(range(0, 100, 2)))
        # what is in the workers' hands or done, and the one that was admitted to be told that it is over
        self.assertLessEqual(len(asked), 50 + rendering.AHEAD * crew.cores + 1)
        self.assertEqual([answer for answer, _ in crew([(7,), (8,)])], [14, 16])    # the crew is still there

    def test_on_few_cores_it_is_one_worker_here(self):
        rendering.FEW_CORES = 10 ** 6
        self.assertEqual(list(rendering.Crew(Doubler, 0)([(1,), (2,)])), [(2, os.getpid()), (4, os.getpid())])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")   # of pools that are never closed
