"""Compares the answers of two model servers, say of a CPU and of a GPU.

    python -m serving.compare --servers=localhost:8600,localhost:8500 --model=reid

Embeds the same pixels on both and runs the first attack that needs no guides, where there is one.
Prints how far they are apart; exits with 1 where that is more than rounding explains.
"""

import numpy as np
from absl import flags

from serving import entry
from serving.client import ReIDClient
from serving.credential_flags import credentials_of, define_credential_flags
from serving.errors import BadRequest

IMAGES, STEPS = 4, 3
# What kernels of other machines may do: rounding, and a pixel that a sign step flips.
EMBEDDINGS, PIXELS = 1e-4, 0.97
APART = 1


def define_flags(into=flags.FLAGS):
    """This command's flags."""
    flags.DEFINE_list("servers", [], "Two of host:port or http://host:port.", flag_values=into)
    flags.DEFINE_string("model", "reid", "Name of the model on both.", flag_values=into)
    flags.DEFINE_float("timeout", 60.0, "Seconds that one request may take.", flag_values=into)
    define_credential_flags(into)


def main():
    values = flags.FLAGS
    if len(values.servers) != 2:
        raise BadRequest(f"--servers takes two, with a comma between, not {len(values.servers)}")
    settings = {"timeout": values.timeout, "credentials": credentials_of(values)}
    answers = [asked(server, values.model, **settings) for server in values.servers]
    difference, agreeing = compared(*answers)
    print(f"embeddings differ by at most {difference:.2g} of their length")
    if agreeing is not None:
        print(f"adversarial pixels that agree: {agreeing:.2%}")
    apart = difference > EMBEDDINGS or (agreeing is not None and agreeing < PIXELS)
    return APART if apart else 0


def asked(server, model, **settings):
    """(embeddings, adversarial pixels or None) of pixels that are always the same."""
    with ReIDClient(server, model, **settings) as client:
        told = client.describe()
        size = (IMAGES, *told["input_size"], 3)
        pixels = np.random.default_rng(0).integers(0, 256, size, np.uint8)
        free = [name for name, about in told["attacks"].items() if about.get("guided") is False]
        attacked = client.attack(pixels, free[0], steps=STEPS, seed=1) if free else None
        return client.embed(pixels), attacked


def compared(one, two):
    """(largest difference as a share of the longest embedding, share of equal pixels or None).

    Raises BadRequest where the two are of different models.
    """
    (embeddings, pixels), (others, other_pixels) = one, two
    if embeddings.shape != others.shape or (pixels is None) != (other_pixels is None):
        raise BadRequest("the two servers serve different models; name two that serve the same")
    difference = np.abs(embeddings - others).max() / np.linalg.norm(embeddings, axis=1).max()
    return float(difference), None if pixels is None else float(np.mean(pixels == other_pixels))


def cli():
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
