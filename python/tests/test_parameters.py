import json
import pathlib

from story import Story


class Parameters(Story):
    def params(self, defaults, *arguments, **environment):
        out, _ = self.run_script(
            f"import json; p = runyard.params({defaults}); print(json.dumps(p))", *arguments, **environment
        )
        return json.loads(out)

    def refusal(self, defaults, *arguments, **environment):
        script = f"""
            try:
                runyard.params({defaults})
            except runyard.ParameterError as problem:
                print(problem)
        """
        return self.run_script(script, *arguments, **environment)[0]

    def test_values_come_from_runyard_with_the_types_of_their_defaults_and_in_the_order_of_these(self):
        p = self.params(
            "steps=1, lr=0.5, name='x', fast=False, version='1', sizes=(1,)",
            RUNYARD_PARAMS='{"lr": 1, "version": 0.10, "steps": 1e3, "fast": true, "sizes": [3, 4], "name": 7}',
        )
        self.assertEqual(list(p), ["steps", "lr", "name", "fast", "version", "sizes"])
        self.assertEqual(list(p.values()), [1000, 1.0, "7", True, "0.10", [3, 4]])
        self.assertIsInstance(p["steps"], int)
        self.assertIsInstance(p["lr"], float)

    def test_names_without_a_default_come_last_in_their_own_order_as_json_has_them(self):
        given = '{"z": 12345678901234567890, "lr": 0.1, "a": [1, {"b": null}]}'
        p = self.params("lr=0.5", RUNYARD_PARAMS=given)
        self.assertEqual(list(p.items()), [("lr", 0.1), ("z", 12345678901234567890), ("a", [1, {"b": None}])])

    def test_a_long_list_of_parameters_comes_in_a_file(self):
        path = self.folder / "params.json"
        path.write_text(json.dumps({"text": "x" * 200_000}))
        self.assertEqual(len(self.params("text=''", RUNYARD_PARAMS_FILE=str(path))["text"]), 200_000)

    def test_by_hand_values_come_from_the_command_line(self):
        p = self.params(
            "lr=0.5, batch_size=1, name='x', fast=True, slow=False, layers=None, low=0",
            "input.txt", "--lr=.5e-1", "--batch-size", "32", "--name=0.10", "--fast=False", "--slow", "--layers=[1,2]",
            "--low", "-3", "--momentum=0.9", "--unknown", "word", "--", "--lr=7",
        )  # fmt: skip
        self.assertEqual(
            list(p.items()),
            [("lr", 0.05), ("batch_size", 32), ("name", "0.10"), ("fast", False), ("slow", True)]
            + [("layers", [1, 2]), ("low", -3), ("momentum", 0.9)],
        )

    def test_what_runyard_says_goes_before_the_command_line_and_that_before_the_default(self):
        p = self.params("a=1, b=1, c=1", "--a=2", "--b=2", RUNYARD_PARAMS='{"a": 3}')
        self.assertEqual(p, {"a": 3, "b": 2, "c": 1})

    def test_a_parameter_is_an_item_and_an_attribute(self):
        out, _ = self.run_script(
            """
            import copy, pickle
            p = pickle.loads(pickle.dumps(copy.copy(runyard.params(lr=0.5))))
            p.lr *= 2
            print(type(p).__name__, p["lr"], dict(**p), len(p), "lr" in p)
            try:
                p.learning_rate
            except AttributeError as problem:
                print(problem)
            """
        )
        self.assertEqual(out, "Params 1.0 {'lr': 1.0} 1 True\nthere is no parameter 'learning_rate', only: lr\n")

    def test_a_value_that_does_not_fit_is_refused_with_its_name(self):
        for default, given in [
            ("n=1", '{"n": 2.5}'),
            ("n=1", '{"n": true}'),
            ("n=0.5", '{"n": "much"}'),
            ("n=0.5", '{"n": null}'),
            ("n=True", '{"n": 2}'),
            ("n=[1]", '{"n": 1}'),
            ("n={}", '{"n": [1]}'),
        ]:
            with self.subTest(default=default, given=given):
                self.assertIn("parameter n: ", self.refusal(default, RUNYARD_PARAMS=given))
        self.assertEqual(
            self.refusal("n=1", "--n=2.5"),
            "parameter n: '2.5' is not a whole number, as its default 1 is. "
            "Correct the value, or give params() another default.\n",
        )
        self.assertEqual(self.refusal("n=1", "--n"), "--n has no value. Write --n=VALUE.\n")

    def test_parameters_that_cannot_be_read_are_refused_with_their_place(self):
        self.assertIn("RUNYARD_PARAMS has to be a JSON object", self.refusal("n=1", RUNYARD_PARAMS="{"))
        self.assertIn("RUNYARD_PARAMS has to be a JSON object", self.refusal("n=1", RUNYARD_PARAMS="[1]"))
        self.assertIn("/nowhere has to be a JSON object", self.refusal("n=1", RUNYARD_PARAMS_FILE="/nowhere"))


class CheckpointsAndMeans(Story):
    def test_the_folder_for_checkpoints_exists_where_runyard_says(self):
        keep = self.folder / "a" / "keep"
        out, _ = self.run_script("print(runyard.checkpoints())", RUNYARD_CHECKPOINTS=str(keep))
        self.assertEqual(out, f"{keep}\n")
        self.assertTrue(keep.is_dir())

    def test_outside_of_runyard_it_is_the_folder_checkpoints_of_the_current_one(self):
        out, _ = self.run_script("print(runyard.checkpoints())", inside=False)
        self.assertEqual(pathlib.Path(out.strip()).resolve(), (self.folder / "checkpoints").resolve())
        self.assertTrue((self.folder / "checkpoints").is_dir())

    def test_a_mean_divides_by_the_number_of_values_in_its_window(self):
        out, _ = self.run_script(
            """
            mean = runyard.Mean(window=3)
            print(mean.value, *[mean.add(value) for value in (3, 5, 1, 9, float("nan"), 1, 1, 4)])
            ones = runyard.Mean()
            print({ones.add(1) for _ in range(200)})
            """
        )
        self.assertEqual(out, "nan 3.0 4.0 3.0 5.0 nan nan nan 2.0\n{1.0}\n")

    def test_a_mean_over_nothing_is_refused(self):
        out, _ = self.run_script(
            """
            try:
                runyard.Mean(window=0)
            except ValueError as problem:
                print(problem)
            """
        )
        self.assertEqual(out, "a mean needs a window of at least 1 value, not 0\n")
