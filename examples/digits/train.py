"""Trains a small neural network on handwritten digits, in plain Python.

One hidden layer, softmax, stochastic gradient descent. A checkpoint after every epoch; a run that was interrupted goes
on from there and ends with exactly the numbers that it would have had anyway.
"""

import csv
import gzip
import json
import math
import os
import pathlib
import random
import sys
from operator import mul

HERE = pathlib.Path(__file__).resolve().parent

try:
    import runyard
except ModuleNotFoundError:  # started by hand in a checkout
    sys.path.append(str(HERE.parents[1] / "python"))
    import runyard

DIGITS = range(10)
TEST_IMAGES = 597  # the last third


def main():
    p = runyard.params(lr=0.1, hidden=16, epochs=20, seed=1)
    images = load_images()
    train, test = images[:-TEST_IMAGES], images[-TEST_IMAGES:]
    checkpoint = runyard.checkpoints() / "digits.json"
    network, first = resume(checkpoint, p) or (new_network(p), 0)
    accuracy = measure(network, test)
    for epoch in range(first, p.epochs):
        loss = train_epoch(network, train, p.lr, random.Random(f"{p.seed} {epoch}"))
        accuracy = measure(network, test)
        runyard.metric(epoch + 1, loss=loss, accuracy=accuracy)
        runyard.progress(epoch + 1, of=p.epochs)
        save(checkpoint, p, network, epoch + 1)
        print(f"epoch {epoch + 1}/{p.epochs}  loss {loss:.4f}  accuracy {accuracy:.4f}", flush=True)
    runyard.result(accuracy=accuracy)


def load_images():
    """Pairs of 64 pixels from 0 to 1 and the digit that they show."""
    with gzip.open(HERE / "digits.csv.gz", "rt") as file:
        return [([int(pixel) / 16 for pixel in row[:64]], int(row[64])) for row in csv.reader(file)]


def new_network(p):
    """Two layers, each a list of rows: the weights of one unit, its bias last."""
    chance = random.Random(p.seed)

    def layer(inputs, units):
        return [[chance.gauss(0, 1 / math.sqrt(inputs)) for _ in range(inputs)] + [0.0] for _ in range(units)]

    return [layer(64, p.hidden), layer(p.hidden, len(DIGITS))]


def forward(network, pixels):
    """What the hidden units say, and how probable each digit is."""
    hidden_rows, output_rows = network
    hidden = [math.tanh(sum(map(mul, row, pixels)) + row[-1]) for row in hidden_rows]
    scores = [sum(map(mul, row, hidden)) + row[-1] for row in output_rows]
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return hidden, [power / total for power in powers]


def train_epoch(network, images, lr, chance):
    """One pass over the images in a new order. Returns the mean loss."""
    hidden_rows, output_rows = network
    loss = 0.0
    for pixels, digit in chance.sample(images, len(images)):
        hidden, probabilities = forward(network, pixels)
        loss -= math.log(max(probabilities[digit], 1e-300))
        errors = [probability - (each == digit) for each, probability in zip(DIGITS, probabilities)]
        slopes = [
            (1 - unit * unit) * sum(error * row[index] for error, row in zip(errors, output_rows))
            for index, unit in enumerate(hidden)
        ]
        descend(output_rows, errors, hidden, lr)
        descend(hidden_rows, slopes, pixels, lr)
    return loss / len(images)


def descend(rows, slopes, inputs, lr):
    inputs = [*inputs, 1.0]
    for row, slope in zip(rows, slopes):
        step = lr * slope
        row[:] = [weight - step * value for weight, value in zip(row, inputs)]


def measure(network, images):
    """The share of the images that are recognised."""
    right = 0
    for pixels, digit in images:
        probabilities = forward(network, pixels)[1]
        right += probabilities[digit] == max(probabilities)
    return right / len(images)


def save(checkpoint, p, network, epochs_done):
    # Under another name first: whoever reads it, however this process ends, finds a whole checkpoint.
    partial = checkpoint.with_suffix(".partial")
    partial.write_text(json.dumps({"params": p, "epochs_done": epochs_done, "network": network}))
    os.replace(partial, checkpoint)


def resume(checkpoint, p):
    """Network and epochs done; None without a checkpoint of this network."""
    if not checkpoint.exists():
        return None
    saved = json.loads(checkpoint.read_text())
    same = all(saved["params"].get(name) == p[name] for name in ("lr", "hidden", "seed"))
    if not same or saved["epochs_done"] > p.epochs:
        return None
    print(f"going on after epoch {saved['epochs_done']}", flush=True)
    return saved["network"], saved["epochs_done"]


if __name__ == "__main__":
    main()
