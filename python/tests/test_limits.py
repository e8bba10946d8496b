import json
import signal
import time

from story import Story


class AtTheLimits(Story):
    def test_a_hundred_thousand_metrics_are_all_there_in_order_and_cost_little(self):
        out, err = self.run_script(
            """
            import time
            began = time.perf_counter()
            for step in range(100_000):
                runyard.metric(step, loss=0.5)
            print(time.perf_counter() - began)
            """
        )
        self.assertEqual([event["step"] for event in self.events()], list(range(100_000)))
        self.assertLess(float(out), 10, "this is 10,000 a second")
        self.assertEqual(err, "")

    def test_a_rare_event_is_in_the_file_when_the_call_returns(self):
        process = self.start("runyard.log('here'); import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertEqual(self.events()[0]["text"], "here")

    def test_a_result_is_in_the_file_when_the_call_returns_with_all_that_came_before(self):
        process = self.start(
            """
            import os, signal
            for step in range(100):
                runyard.metric(step, loss=1)
            runyard.result(accuracy=1)
            os.kill(os.getpid(), signal.SIGKILL)
            """
        )
        process.communicate(timeout=60)
        self.assertEqual([event["kind"] for event in self.events()], ["metric"] * 100 + ["result"])

    def test_events_of_a_burst_are_written_soon_while_the_script_does_something_else(self):
        process = self.start(
            """
            for step in range(100):
                runyard.metric(step, loss=1)
            input()
            """
        )
        self.wait_for(lambda: len(self.lines()) == 100)
        process.communicate("\n", timeout=60)
        self.assertEqual(len(self.lines()), 100)

    def test_threads_do_not_mix_their_lines(self):
        self.run_script(
            """
            import threading
            def work(name):
                for step in range(2000):
                    runyard.metric(step, name=name)
            threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            """
        )
        for name in range(8):
            steps = [event["step"] for event in self.events() if event["values"]["name"] == name]
            self.assertEqual(steps, list(range(2000)))

    def test_forked_children_repeat_nothing_of_their_parents_and_lose_nothing_of_their_own(self):
        self.run_script(
            """
            import multiprocessing, os, sys, threading
            threading.Thread(target=lambda: [runyard.metric(step, who="thread") for step in range(20_000)]).start()
            def work(name):
                for step in range(50):
                    runyard.metric(step, who=name)
            context = multiprocessing.get_context("fork")
            children = []
            for number in range(10):
                runyard.metric(number, who="parent")
                children.append(context.Process(target=work, args=(f"child {number}",)))
                children[-1].start()
            for child in children:
                child.join()
                assert child.exitcode == 0
            child = os.fork()
            if child == 0:
                work("grandchild")
                sys.exit(0)
            assert os.waitpid(child, 0)[1] == 0
            """
        )
        steps = {}
        for event in self.events():
            steps.setdefault(event["values"]["who"], []).append(event["step"])
        self.assertEqual(steps.pop("thread"), list(range(20_000)))
        self.assertEqual(steps.pop("parent"), list(range(10)))
        self.assertEqual(len(steps), 11)
        for name, found in steps.items():
            self.assertEqual(found, list(range(50)), name)

    def test_a_signal_handler_may_log_in_the_middle_of_a_call(self):
        out, _ = self.run_script(
            """
            import signal
            ticks = 0
            def tick(*_):
                global ticks
                ticks += 1
                runyard.log(ticks)
                runyard.result(ticks=ticks)
            signal.signal(signal.SIGALRM, tick)
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            step = 0
            while ticks < 200:
                runyard.metric(step, loss=1)
                step += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(step)
            """
        )
        self.assertEqual(len(self.events("metric")), int(out))
        self.assertGreaterEqual(len(self.events("result")), 200)

    def test_a_script_that_closes_every_descriptor_goes_on_logging_and_into_no_other_file(self):
        self.run_script(
            """
            import os
            runyard.log("before")
            os.closerange(3, 100)
            files = [open(f"mine {number}", "w") for number in range(20)]
            for step in range(100):
                runyard.metric(step, loss=1)
            """
        )
        self.assertEqual(len(self.events()), 101)
        self.assertEqual({path.stat().st_size for path in self.folder.glob("mine *")}, {0})

    def test_a_file_that_cannot_be_written_costs_one_warning_and_no_time(self):
        (self.folder / "a folder").mkdir()
        for path in ("/dev/full", "/nowhere/events.jsonl", str(self.folder / "a folder")):
            with self.subTest(path=path):
                out, err = self.run_script(
                    """
                    import time
                    began = time.perf_counter()
                    for step in range(20_000):
                        runyard.metric(step, loss=1)
                    runyard.result(accuracy=1)
                    print(time.perf_counter() - began)
                    """,
                    RUNYARD_EVENTS=path,
                )
                self.assertLess(float(out), 2)
                self.assertEqual(err.count("\n"), 1)
                self.assertRegex(
                    err, r"^runyard: cannot write to /.* \(.+\)\. The run goes on, its events wait in memory\."
                )

    def test_after_a_full_disk_a_torn_line_is_ended_and_every_event_arrives_whole(self):
        # A limit on the size of files makes the system write a part first, and then nothing, as a full disk does.
        process = self.start(
            """
            import resource, signal
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
            for step in range(100):
                runyard.metric(step, loss=1)
            input()
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            runyard.result(accuracy=1)
            """
        )
        self.wait_for(lambda: self.events_path.exists() and self.events_path.stat().st_size == 1000)
        _, err = process.communicate("\n", timeout=60)
        self.assertEqual(err.count("\n"), 1)
        whole, torn = [], 0
        for line in self.lines():
            try:
                whole.append(json.loads(line))
            except ValueError:
                torn += 1
        self.assertEqual([event.get("step") for event in whole], [*range(100), None])
        self.assertEqual(torn, 1)

    def test_memory_is_bounded_what_is_lost_is_counted_and_results_are_kept(self):
        self.events_path.mkdir()
        process = self.start(
            """
            import resource
            def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            before = peak()
            runyard.result(first=1)
            for step in range(300_000):
                runyard.metric(step, loss=0.123456789)
            print(peak() - before, flush=True)
            input()
            runyard.result(last=1)
            """
        )
        grown = int(process.stdout.readline())
        self.events_path.rmdir()
        process.communicate("\n", timeout=60)
        self.assertLess(grown, 50 << 20)
        note = self.events("log")[0]["text"]
        steps = [event["step"] for event in self.events("metric")]
        self.assertRegex(note, r"^runyard: \d+ events could not be kept$")
        self.assertEqual(len(steps) + int(note.split()[1]), 300_000)
        self.assertEqual(steps, list(range(300_000 - len(steps), 300_000)), "the newest are kept")
        self.assertEqual([event["values"] for event in self.events("result")], [{"first": 1}, {"last": 1}])

    def test_a_script_without_stderr_goes_on(self):
        for inside in (True, False):
            out, _ = self.run_script(
                """
                import os, sys
                os.close(2)
                sys.stderr = None
                runyard.log("x"); runyard.metric(1, 2); runyard.result(a=1)
                print("ok")
                """,
                inside=inside,
                RUNYARD_EVENTS="/dev/full" if inside else "",
            )
            self.assertEqual(out, "ok\n")

    def test_ctrl_c_ends_a_script_with_all_its_events(self):
        process = self.start(
            """
            step = 0
            try:
                while True:
                    runyard.metric(step, loss=1)
                    step += 1
            except KeyboardInterrupt:
                print(step)
            """
        )
        self.wait_for(lambda: len(self.lines()) > 1000)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        steps = sorted({event["step"] for event in self.events()})
        self.assertEqual(steps[: int(out)], list(range(int(out))))

    def test_sigterm_ends_a_script_as_ever_and_loses_only_the_last_moment(self):
        process = self.start(
            """
            print("on", flush=True)
            import itertools, time
            for step in itertools.count():
                runyard.metric(step, at=time.time())
            """
        )
        process.stdout.readline()
        self.wait_for(lambda: len(self.lines()) > 1000)
        process.terminate()
        ended = time.time()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertGreater(self.events()[-1]["values"]["at"], ended - 1.5)
