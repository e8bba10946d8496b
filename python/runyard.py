"""Runyard's client for training scripts: parameters in; progress, metrics and results out. See docs/python.md.

Inside of a run, events go as JSON lines to the file that RUNYARD_EVENTS names; outside, they are short lines on stderr.
The logging functions never raise and never wait for a disk that fails: what goes wrong is said once on stderr, and the
training goes on. One file, Python 3.8 or later, nothing but the standard library.
"""

from __future__ import annotations

import atexit
import collections
import functools
import json
import os
import pathlib
import reprlib
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Tuple, TypeVar, cast

__all__ = ["Mean", "ParameterError", "Params", "checkpoints", "log", "metric", "params", "progress", "result"]

_BATCH_S = 0.2  # between two writes, and so the most that a process killed outright loses
_RETRY_S = 1.0  # between two attempts at a file that cannot be written
_SLOW_S = 0.005  # a disk that takes longer for one write is left to the thread
_BUFFER_BYTES = 8 << 20
_LINE_BYTES = 64 << 10
_TEXT_CHARS, _VALUE_CHARS, _ITEMS = 5000, 500, 1000  # a character takes up to 12 bytes in JSON


# Parameters


class ParameterError(ValueError):
    """A parameter's value does not fit the type of its default, or the parameters cannot be read."""


class Params(Dict[str, Any]):
    """A dict whose items are attributes too. One named like a method of dict is reached as `p["items"]`."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"there is no parameter {name!r}, only: {', '.join(self) or 'none'}")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def params(**defaults: Any) -> Params:
    """The parameters of this run: the defaults, over them `--name=value` of the command line, over both Runyard's own.

    A value takes the type of its default, ParameterError where it cannot; a default of None takes anything.
    Names without a default come last and have the type that JSON gives them.
    """
    names = {spelling: name for name in defaults for spelling in (name.replace("_", "-"), name)}
    values = Params(defaults)
    for given, value, text in _from_command_line(sys.argv[1:], names, defaults) + _from_runyard():
        name = names.get(given, given)
        values[name] = _fitted(name, defaults[name], value, text) if name in defaults else value
    return values


_Given = List[Tuple[str, Any, str]]  # name, value by the rules of JSON, value as written


def _from_command_line(argv: list[str], names: dict[str, str], defaults: dict[str, Any]) -> _Given:
    """`--name=value` of every name; `--name value`, and `--flag` for true, only of those that have a default."""
    given: _Given = []
    for argument, following in zip(argv, [*argv[1:], "--"]):
        name, equals, text = argument[2:].partition("=")
        if argument == "--":
            break
        if not argument.startswith("--") or not (equals or name in names):
            continue
        if not equals:
            flag = isinstance(defaults[names[name]], bool) and following.lower() not in _BOOLEANS
            text = "true" if flag else following
            if text.startswith("--"):
                raise ParameterError(f"--{name} has no value. Write --{name}=VALUE.")
        try:
            given.append((name, json.loads(text), text))
        except ValueError:
            given.append((name, text, text))
    return given


def _from_runyard() -> _Given:
    path = os.environ.get("RUNYARD_PARAMS_FILE")
    try:
        text = pathlib.Path(path).read_text("utf-8") if path else os.environ.get("RUNYARD_PARAMS") or "{}"
        values = json.loads(text)
        literals = json.loads(text, parse_int=str, parse_float=str)  # 0.10 stays "0.10" where a text is wanted
        return [(name, value, _written(value, literals[name])) for name, value in values.items()]
    except (OSError, ValueError, AttributeError) as problem:
        raise ParameterError(f"{path or 'RUNYARD_PARAMS'} has to be a JSON object, and is not: {problem}") from None


def _written(value: Any, literal: Any) -> str:
    return literal if isinstance(literal, str) else json.dumps(value)


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_WANTED = {bool: "true or false", int: "a whole number", float: "a number"}


def _fitted(name: str, default: Any, value: Any, text: str) -> Any:
    kind = type(default)
    try:
        if default is None:
            return value
        if kind is bool:
            return _BOOLEANS[text.lower()]
        if kind is int:
            return _whole(text)
        if kind in (list, tuple, dict):
            if not isinstance(value, dict if kind is dict else list):
                raise ValueError
            return kind(value)
        return kind(text)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        wanted = _WANTED.get(kind, f"a {kind.__name__}")
        raise ParameterError(
            f"parameter {name}: {text!r} is not {wanted}, as its default {default!r} is. "
            "Correct the value, or give params() another default."
        ) from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if number.is_integer():  # 1e3
            return int(number)
        raise


# Checkpoints and means


def checkpoints() -> pathlib.Path:
    """The folder that the next attempt of this run finds again; outside of Runyard ./checkpoints.

    It is made where it does not exist: OSError if that fails.
    """
    folder = pathlib.Path(os.environ.get("RUNYARD_CHECKPOINTS") or "checkpoints").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Mean:
    """The mean of the last `window` values, of all while they are fewer, NaN while there is none."""

    def __init__(self, window: int = 50) -> None:
        if window < 1:
            raise ValueError(f"a mean needs a window of at least 1 value, not {window}")
        self._values: collections.deque[float] = collections.deque(maxlen=window)

    def add(self, value: Any) -> float:
        """Takes one more value, a scalar of numpy or torch too, and returns the mean."""
        try:
            self._values.append(float(_plain(value)))
        except (TypeError, ValueError, OverflowError):
            self._values.append(float("nan"))
        return self.value

    @property
    def value(self) -> float:
        # Summed anew each time: a running sum drifts, and one NaN would stay in it for ever.
        return sum(self._values) / len(self._values) if self._values else float("nan")


# Events

_Logging = TypeVar("_Logging", bound=Callable[..., None])


def _harmless(function: _Logging) -> _Logging:
    """Whatever goes wrong in a logging call is a warning, never an exception in the middle of a training run."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except Exception as problem:
            _warn(f"a {function.__name__}() was left out: {_text(problem, _VALUE_CHARS)}", about=function.__name__)

    return cast(_Logging, call)


@_harmless
def progress(done: Any, of: Any = None) -> None:
    """How much of the work is done, in any unit: steps, epochs, files. Without `of` the whole is unknown."""
    _emit("progress", {"done": _count(done), **({} if of is None else {"of": _count(of)})})


@_harmless
def metric(step: Any = None, **values: Any) -> None:
    """Values that change while training, at best with their step: metric(10, loss=0.31)."""
    if values:
        _emit("metric", {**({} if step is None else {"step": _count(step)}), "values": _plain(values)})


@_harmless
def log(text: Any) -> None:
    """A text beside the metrics, with its time. More than 5,000 characters are cut."""
    _emit("log", {"text": _text(text, _TEXT_CHARS)})


@_harmless
def result(**values: Any) -> None:
    """What came out in the end, shown beside the parameters. A later value of a name replaces an earlier one."""
    if values:
        _emit("result", {"values": _plain(values)})


def _emit(kind: str, fields: dict[str, Any]) -> None:
    final = kind == "result" or (kind == "progress" and fields["done"] == fields.get("of"))
    if _writer is None:
        _say(kind, fields, always=final or kind == "log")
    else:
        _writer.add(_line(kind, fields), at_once=final)


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def _line(kind: str, fields: dict[str, Any]) -> bytes:
    line = _encode({"t": round(time.time(), 3), "kind": kind, **fields}).encode("ascii") + b"\n"
    if len(line) > _LINE_BYTES:
        raise ValueError(f"it has {len(line)} bytes, and an event may have {_LINE_BYTES}")
    return line


def _plain(value: Any, depth: int = 6) -> Any:
    """`value` as JSON can say it: scalars of numpy, torch and others by their own `.item()`, the unsayable as text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict) and depth and len(value) <= _ITEMS:
        return {_text(name, _VALUE_CHARS): _plain(each, depth - 1) for name, each in value.items()}
    if isinstance(value, (list, tuple)) and depth and len(value) <= _ITEMS:
        return [_plain(each, depth - 1) for each in value]
    if depth and not isinstance(value, (str, dict, list, tuple)):
        for method in ("item", "__index__", "__float__"):
            try:
                return _plain(getattr(value, method)(), depth - 1)
            except Exception:  # it has no such method, or not for this value: an array of many has item() too
                continue
    return _text(value, _VALUE_CHARS)


def _count(value: Any) -> Any:
    number = _plain(value)
    if isinstance(number, (int, float)):
        return number
    raise ValueError(f"{number!r} is not a number")


def _text(value: Any, limit: int) -> str:
    try:
        # reprlib looks at the beginning of a container only, however large it is.
        text = reprlib.repr(value) if isinstance(value, (dict, list, tuple, set, bytes)) else str(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 1] + "…"


class _Writer:
    """Appends whole lines to a file: at once while they are rare, in batches by a thread while they are many.

    Each write opens the file anew, so that there is no descriptor which a program could close and use for another file.
    """

    def __init__(self, path: str, forked: bool = False) -> None:
        self.path, self.forked = path, forked
        # A signal handler may log while its own thread is anywhere in here. So the buffer's lock is reentrant and the
        # buffer always the same deque; the file's lock is not, so that of nested writes the inner one gives up.
        self.buffer_lock, self.file_lock = threading.RLock(), threading.Lock()
        self.lines: collections.deque[bytes] = collections.deque()
        self.size = self.lost = 0
        self.due = 0.0
        self.slow = self.torn = self.thread_runs = False

    def add(self, line: bytes, at_once: bool) -> None:
        if self.forked:
            self._prepare_the_end_of_a_child()
        with self.buffer_lock:
            self.lines.append(line)
            self.size += len(line)
            if self.size > _BUFFER_BYTES:
                self._make_room()
        if not self.slow and (at_once or time.monotonic() >= self.due):
            self.write(patience_s=0)
        self._leave_the_rest_to_a_thread()

    def write(self, patience_s: float) -> None:
        """Writes what there is, and keeps what cannot be written. Waits `patience_s` for another thread's write."""
        if not self.file_lock.acquire(timeout=patience_s):
            return
        try:
            with self.buffer_lock:
                lines = [self.lines.popleft() for _ in range(len(self.lines))]
                self.size = 0
            if lines:
                self._append_or_keep(lines)
        finally:
            self.file_lock.release()

    def _append_or_keep(self, lines: list[bytes]) -> None:
        left, began = lines, time.monotonic()
        try:
            left = self._append(lines)
        finally:  # a signal handler may raise: twice in the file is better than never
            ended = time.monotonic()
            self.slow, self.due = ended - began > _SLOW_S, ended + (_RETRY_S if left else _BATCH_S)
            with self.buffer_lock:
                self.lines.extendleft(reversed(left))
                self.size += sum(map(len, left))

    def _append(self, lines: list[bytes]) -> list[bytes]:
        """Returns the lines that did not get into the file whole."""
        note = [_line("log", {"text": f"runyard: {self.lost} events could not be kept"})] if self.lost else []
        data = b"\n" * self.torn + b"".join(note + lines)  # a torn line ends before the next one begins
        written, reason = 0, "no space for all of it"
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                written = os.write(file, data)
            finally:
                os.close(file)
        except OSError as problem:
            reason = problem.strerror or str(problem)
        if written < len(data):
            _warn(f"cannot write to {self.path} ({reason}). The run goes on, its events wait in memory.", about="write")
        whole = data.count(b"\n", 0, written) - len(note) - self.torn
        if whole >= 0:
            self.lost = 0
        if written:
            self.torn = data[written - 1] != ord("\n")
        return lines[max(0, whole) :]

    def _make_room(self) -> None:
        """The older half goes, but for results while these are few."""
        older = [self.lines.popleft() for _ in range(len(self.lines) // 2 + 1)]
        results = [line for line in older if line.find(b'"kind":"result"', 0, 48) > 0]
        if sum(map(len, results)) > _BUFFER_BYTES // 4:
            results = []
        self.lines.extendleft(reversed(results))
        self.lost += len(older) - len(results)
        self.size = sum(map(len, self.lines))

    def _leave_the_rest_to_a_thread(self) -> None:
        with self.buffer_lock:
            if self.thread_runs or not self.lines:
                return
            self.thread_runs = True
        try:
            threading.Thread(target=self._write_until_empty, name="runyard", daemon=True).start()
        except RuntimeError:  # no thread to be had, or the interpreter is about to end
            self.thread_runs = False
            self.write(patience_s=0)

    def _write_until_empty(self) -> None:
        while True:
            time.sleep(max(0.01, self.due - time.monotonic()))
            self.write(patience_s=_RETRY_S)
            with self.buffer_lock:
                if not self.lines:
                    self.thread_runs = False
                    return

    def _prepare_the_end_of_a_child(self) -> None:
        """multiprocessing ends a forked child without atexit, but calls what is registered with itself."""
        self.forked = False
        if "multiprocessing.util" in sys.modules:
            finalize = sys.modules["multiprocessing.util"].Finalize
            finalize(None, self.write, kwargs={"patience_s": _RETRY_S}, exitpriority=0)


# What a person sees

_said_at: dict[str, float] = {}
_warned: set[str] = set()


def _say(kind: str, fields: dict[str, Any], always: bool) -> None:
    now = time.monotonic()
    if always or now - _said_at.get(kind, now - 1) >= 1:
        _said_at[kind] = now
        values = fields.get("values", {})
        pairs = [*fields.items(), *values.items()]
        shown = [f"{name}={_short(value)}" for name, value in pairs if value is not values]
        _print(fields["text"] if kind == "log" else "  ".join([kind, *shown]))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _warn(text: str, about: str) -> None:
    if about not in _warned:
        _warned.add(about)
        _print(text)


def _print(text: str) -> None:
    try:
        sys.stderr.write(f"runyard: {text}\n")
        sys.stderr.flush()
    except Exception:  # closed, or there is none: nobody to tell
        pass


# Beginning and end

_writer: _Writer | None = None


def _begin(forked: bool = False) -> None:
    """At import, and in a forked child: its parent's lines, locks and thread stay with the parent."""
    global _writer
    path = os.environ.get("RUNYARD_EVENTS") if _writer is None else _writer.path
    _writer = _Writer(os.path.abspath(path), forked) if path else None


def _end() -> None:
    if _writer is not None:
        _writer.write(patience_s=_RETRY_S)


_begin()
atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=functools.partial(_begin, forked=True))
