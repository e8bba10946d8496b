"""The network of train.py with PyTorch, on a GPU where there is one."""

import csv
import gzip
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent

try:
    import runyard
except ModuleNotFoundError:  # started by hand in a checkout
    sys.path.append(str(HERE.parents[1] / "python"))
    import runyard

try:
    import torch
except ModuleNotFoundError:
    print(
        f"This example needs PyTorch, and {sys.executable} has none. "
        "Install it (https://pytorch.org/get-started), or run train.py, which needs nothing.",
        file=sys.stderr,
    )
    sys.exit(2)

TEST_IMAGES = 597  # the last third


def main():
    p = runyard.params(lr=0.1, hidden=32, epochs=20, seed=1, batch_size=16)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pixels, digits = load_images(device)
    train = pixels[:-TEST_IMAGES], digits[:-TEST_IMAGES]
    test = pixels[-TEST_IMAGES:], digits[-TEST_IMAGES:]

    torch.manual_seed(p.seed)
    network = torch.nn.Sequential(torch.nn.Linear(64, p.hidden), torch.nn.Tanh(), torch.nn.Linear(p.hidden, 10))
    network.to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=p.lr, momentum=0.9)

    checkpoint = runyard.checkpoints() / "digits.pt"
    first = resume(checkpoint, p, network, optimizer, device)
    accuracy = measure(network, *test)
    for epoch in range(first, p.epochs):
        loss = train_epoch(network, optimizer, *train, p.batch_size, seed=p.seed * 1000 + epoch)
        accuracy = measure(network, *test)
        runyard.metric(epoch + 1, loss=loss, accuracy=accuracy)  # tensors are welcome
        runyard.progress(epoch + 1, of=p.epochs)
        save(checkpoint, p, network, optimizer, epoch + 1)
        print(f"epoch {epoch + 1}/{p.epochs}  loss {loss:.4f}  accuracy {accuracy:.4f}", flush=True)
    runyard.result(accuracy=accuracy, device=device)


def load_images(device):
    """64 pixels from 0 to 1 for each image, and the digit that each one shows."""
    with gzip.open(HERE / "digits.csv.gz", "rt") as file:
        rows = torch.tensor([[int(number) for number in row] for row in csv.reader(file)])
    return (rows[:, :64] / 16).to(device), rows[:, 64].to(device)


def train_epoch(network, optimizer, pixels, digits, batch_size, seed):
    """One pass over the images in a new order. Returns the mean loss."""
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed)).to(digits.device)
    total = torch.zeros((), device=digits.device)
    for batch in order.split(batch_size):
        loss = torch.nn.functional.cross_entropy(network(pixels[batch]), digits[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(batch)
    return total / len(digits)


@torch.no_grad()
def measure(network, pixels, digits):
    """The share of the images that are recognised."""
    return (network(pixels).argmax(dim=1) == digits).float().mean()


def save(checkpoint, p, network, optimizer, epochs_done):
    # Under another name first: whoever reads it, however this process ends, finds a whole checkpoint.
    partial = checkpoint.with_suffix(".partial")
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"params": dict(p), "epochs_done": epochs_done, **state}, partial)
    os.replace(partial, checkpoint)


def resume(checkpoint, p, network, optimizer, device):
    """The epochs that are done; 0 without a checkpoint of this network."""
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, map_location=device)
    same = all(saved["params"].get(name) == p[name] for name in ("lr", "hidden", "seed", "batch_size"))
    if not same or saved["epochs_done"] > p.epochs:
        return 0
    network.load_state_dict(saved["network"])
    optimizer.load_state_dict(saved["optimizer"])
    print(f"going on after epoch {saved['epochs_done']}", flush=True)
    return saved["epochs_done"]


if __name__ == "__main__":
    main()
