import time
import unittest

from story import Story, importable


class Events(Story):
    def test_events_are_json_lines_of_the_promised_form_in_the_order_of_the_calls(self):
        began = time.time()
        _, err = self.run_script(
            """
            runyard.metric(10, loss=0.31, accuracy=0.9)
            runyard.metric(step=11, loss=0.3)
            runyard.metric(loss=0.2)
            runyard.progress(3, 10)
            runyard.progress(4)
            runyard.log("half\\nway")
            runyard.result(accuracy=0.97, model="big", ok=True, none=None)
            """
        )
        self.assertEqual(err, "")
        events = self.events()
        for event in events:
            self.assertAlmostEqual(event.pop("t"), began, delta=30)
        self.assertEqual(
            events,
            [
                {"kind": "metric", "step": 10, "values": {"loss": 0.31, "accuracy": 0.9}},
                {"kind": "metric", "step": 11, "values": {"loss": 0.3}},
                {"kind": "metric", "values": {"loss": 0.2}},
                {"kind": "progress", "done": 3, "of": 10},
                {"kind": "progress", "done": 4},
                {"kind": "log", "text": "half\nway"},
                {"kind": "result", "values": {"accuracy": 0.97, "model": "big", "ok": True, "none": None}},
            ],
        )
        self.assertTrue(self.lines()[0].startswith('{"t":'), "the time comes first")
        self.assertIn('"values":{"loss":0.31,"accuracy":0.9}', self.lines()[0])
        self.assertEqual(self.events_path.stat().st_mode & 0o777, 0o600)

    def test_what_is_not_finite_is_written_by_name_at_every_depth(self):
        self.run_script("runyard.metric(1, a=float('nan'), b=float('inf'), c=-float('inf'), d=[float('nan')])")
        self.assertEqual(self.events()[0]["values"], {"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": ["NaN"]})

    def test_whatever_has_an_item_or_is_a_number_becomes_a_number(self):
        self.run_script(
            """
            import decimal, fractions
            class Tensor:
                def __init__(self, value): self.value = value
                def item(self): return self.value
            class Array:
                def item(self): raise ValueError("can only convert an array of size 1")
                def __str__(self): return "[1 2]"
            runyard.metric(Tensor(7), a=Tensor(0.5), b=Tensor(float("nan")), c=decimal.Decimal("0.1"),
                           d=fractions.Fraction(1, 4), e=Array())
            runyard.progress(Tensor(1), of=Tensor(2))
            """
        )
        metric, progress = self.events()
        self.assertEqual(metric["step"], 7)
        self.assertEqual(metric["values"], {"a": 0.5, "b": "NaN", "c": 0.1, "d": 0.25, "e": "[1 2]"})
        self.assertEqual((progress["done"], progress["of"]), (1, 2))

    @unittest.skipUnless(importable("numpy"), "numpy is not installed")
    def test_scalars_of_numpy_are_numbers(self):
        self.run_script(
            """
            import numpy as np
            runyard.metric(np.int64(3), a=np.float32(0.5), b=np.array(2), c=np.array([[1.5]]), d=np.bool_(True),
                           e=np.float64("nan"), f=np.float16("inf"), g=np.array([1, 2]))
            """
        )
        self.assertEqual(
            self.events()[0]["values"],
            {"a": 0.5, "b": 2, "c": 1.5, "d": True, "e": "NaN", "f": "Infinity", "g": "[1 2]"},
        )

    @unittest.skipUnless(importable("torch"), "torch is not installed")
    def test_scalars_of_torch_are_numbers(self):
        self.run_script(
            """
            import torch
            x = torch.tensor(0.5, requires_grad=True)
            runyard.metric(torch.tensor(3), a=x * 2, b=torch.tensor([2]), c=torch.tensor(float("nan")),
                           d=torch.tensor(0.5, dtype=torch.bfloat16))
            """
        )
        self.assertEqual(self.events()[0]["values"], {"a": 1.0, "b": 2, "c": "NaN", "d": 0.5})

    def test_nothing_that_is_passed_raises(self):
        _, err = self.run_script(
            """
            class Broken:
                def __str__(self): raise RuntimeError("no")
                __repr__ = __float__ = item = __str__
            loop = []
            loop.append(loop)
            for value in (Broken(), object(), loop, {1: {2: 3}}, 10**400, 10**5000, b"x", "\\ud800", "x" * 10**6,
                          list(range(10**6)), {str(i): i for i in range(10**5)}, 1j, int, None, ..., print):
                runyard.metric(value, x=value)
                runyard.metric(x=value)
                runyard.progress(value, of=value)
                runyard.log(value)
                runyard.result(x=value)
            runyard.metric(1, 2, 3)
            runyard.result(0.97)
            runyard.progress()
            runyard.log()
            runyard.result(**{"x" * 10**6: 1, "": 2})
            runyard.result(**{str(i): "x" * 500 for i in range(1000)})
            runyard.log("the end")
            """
        )
        self.assertEqual(self.events()[-1]["text"], "the end")
        self.assertNotIn("Traceback", err)
        self.assertLessEqual(err.count("\n"), 4, "one warning for each function")
        self.assertIn("runyard: a metric() was left out: ", err)
        self.assertLessEqual(max(map(len, self.lines())), 65536)

    def test_text_is_cut_and_never_breaks_a_line(self):
        self.run_script(
            """
            runyard.log("a\\r\\n\\u2028b\\0")
            runyard.log("\\U0001f600" * 10**5)
            runyard.result(x="y" * 999)
            """
        )
        first, second, result = self.events()
        self.assertEqual(first["text"], "a\r\n\u2028b\0")
        self.assertEqual(second["text"], "\U0001f600" * 4999 + "…")
        self.assertEqual(len(result["values"]["x"]), 500)
        self.assertTrue(self.events_path.read_bytes().isascii())


class OutsideOfRunyard(Story):
    def test_events_are_short_lines_on_stderr_metrics_at_most_one_a_second(self):
        out, err = self.run_script(
            """
            for step in range(1000):
                runyard.metric(step, loss=1 / 3)
                runyard.progress(step + 1, of=1000)
            runyard.log("done")
            runyard.result(accuracy=0.97)
            """,
            inside=False,
        )
        self.assertEqual(out, "")
        lines = err.splitlines()
        self.assertEqual(lines[0], "runyard: metric  step=0  loss=0.3333")
        self.assertEqual(
            lines[-3:], ["runyard: progress  done=1000  of=1000", "runyard: done", "runyard: result  accuracy=0.97"]
        )
        self.assertLess(len(lines), 20)
        self.assertEqual(list(self.folder.iterdir()), [])
