"""How the tests tell their stories: each runs a script as a user would, in a process of its own."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

LIBRARY = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = LIBRARY.parent / "examples" / "digits"


def importable(module):
    return subprocess.run([sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


class Story(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.events_path = self.folder / "events.jsonl"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RUNYARD_")},
            "PYTHONPATH": str(LIBRARY),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, script, *arguments, inside=True, **environment):
        where = {"RUNYARD_EVENTS": str(self.events_path)} if inside else {}
        return self.spawn(
            [sys.executable, "-c", "import runyard\n" + textwrap.dedent(script), *arguments],
            {**where, **environment},
        )

    def spawn(self, command, environment):
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    def run_script(self, script, *arguments, **options):
        """Runs it to its end; it has to succeed. Returns (stdout, stderr)."""
        process = self.start(script, *arguments, **options)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return out, err

    def lines(self):
        return self.events_path.read_text().split("\n")[:-1] if self.events_path.exists() else []

    def events(self, kind=None):
        def no_bare_nan(name):
            raise AssertionError(f"{name} is no JSON")

        events = [json.loads(line, parse_constant=no_bare_nan) for line in self.lines()]
        return [event for event in events if kind in (None, event["kind"])]

    def wait_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not happen in time")
            time.sleep(0.01)
