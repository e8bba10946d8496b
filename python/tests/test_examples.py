import ast
import subprocess
import sys
import unittest

from story import EXAMPLES, LIBRARY, Story


class Example(Story):
    def train(self, *arguments, **environment):
        return self.spawn(
            [sys.executable, str(EXAMPLES / "train.py"), *arguments],
            {"RUNYARD_EVENTS": str(self.events_path), **environment},
        )

    def test_the_digits_example_killed_and_started_again_ends_as_if_nothing_had_been(self):
        keep = str(self.folder / "keep")
        accuracies = []
        for kill in (False, True):
            process = self.train("--epochs=6", "--hidden=8", RUNYARD_CHECKPOINTS=keep + str(kill))
            if kill:
                for line in process.stdout:
                    if line.startswith("epoch 3/"):
                        break
                process.kill()
                process.communicate(timeout=60)
                process = self.train("--epochs=6", "--hidden=8", RUNYARD_CHECKPOINTS=keep + str(kill))
            out, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            self.assertEqual("going on after epoch" in out, kill)
            accuracies.append(self.events("result")[-1]["values"]["accuracy"])
        self.assertEqual(accuracies[0], accuracies[1])
        self.assertGreater(accuracies[0], 0.8)


class Syntax(unittest.TestCase):
    def test_library_and_examples_are_python_3_8(self):
        for path in (LIBRARY / "runyard.py", EXAMPLES / "train.py", EXAMPLES / "train_torch.py"):
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 8))

    def test_the_library_imports_nothing_but_the_standard_library_and_fast(self):
        loaded = subprocess.run(
            [sys.executable, "-S", "-c", "import sys, runyard; print(*sorted(sys.modules))"],
            env={"PYTHONPATH": str(LIBRARY), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.split()
        self.assertIn("runyard", loaded)
        for slow in ("asyncio", "multiprocessing", "subprocess", "numpy", "torch", "http", "logging"):
            self.assertNotIn(slow, loaded)
