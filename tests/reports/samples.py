"""A small data set on disk and results over it, as trainers.attack and trainers.evaluate write."""

import numpy as np
from PIL import Image

SIZE = (32, 16)
SHARES = ("mean_ap", "rank1", "rank5", "rank10", "mean_inp")


def picture(path, seed):
    """Writes uint8 noise as PNG and returns its pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def place(path, pid, camid, distance, sought):
    return {
        "path": str(path), "pid": pid, "camid": camid, "distance": distance, "match": pid == sought,
    }  # fmt: skip


def places(folder, pids, sought):
    rows = []
    for rank, pid in enumerate(pids):
        path = folder / f"gallery_{rank}_{pid}.png"
        picture(path, 10 * rank + pid + 1)
        rows.append(place(path, pid, 2, 0.25 * (rank + 1), sought))
    return rows


def entry(folder, pid=7, attack="sma", saved=True):
    """One entry of "rank_lists": found at rank 1 before, nowhere after."""
    query = folder / f"query_{pid}.png"
    clean = picture(query, pid)
    adversarial = folder / f"adversarial_{attack}_{pid}.png"
    if saved:
        change = np.where(np.arange(clean.size).reshape(clean.shape) % 2, 5, -5)
        Image.fromarray(np.clip(clean + change, 0, 255).astype(np.uint8)).save(adversarial)
    return {
        "query": {"path": str(query), "pid": pid, "camid": 1},
        "clean": places(folder, [pid, 0, 8], pid),
        "attack": attack,
        "epsilon_255": 5.0,
        "adversarial": str(adversarial),
        "attacked": places(folder, [8, 9, 0], pid),
    }


def row(attack, epsilon_255, share):
    return {
        "attack": attack, "epsilon_255": float(epsilon_255), "steps": 15,
        "reaches_the_edge": attack != "ifgsm", **dict.fromkeys(SHARES, share),
        "linf_255": epsilon_255, "displacement": 0.0123 * epsilon_255,
        "still": 0, "fallbacks": 2 if attack == "fna" else 0,
    }  # fmt: skip


def origin():
    return {
        "model": {
            "source": "runs/<demo>", "kind": "workdir", "fingerprint": "abcdef0123456789",
            "input_size": list(SIZE), "embedding_size": 80,
        },
        "data": {"name": "market1501", "fingerprint": "0123456789abcdef", "query": 3, "gallery": 9},
        "chance": dict.fromkeys(SHARES, 0.05),
        "provenance": {"command": "python -m trainers.attack --model=a", "git": None, "keras": "3"},
    }  # fmt: skip


def attack_results(folder):
    return {
        **origin(),
        "clean": dict.fromkeys(SHARES, 0.8) | {"valid_queries": 3},
        "threat_model": {"norm": "L-infinity", "average precision": "standard"},
        "rows": [
            row(attack, epsilon, max(0.8 - cost * epsilon, 0))
            for attack, cost in (("sign_noise", 0.01), ("ifgsm", 0.1), ("fna", 0.2))
            for epsilon in (1, 5)
        ] + [row("odfa", 5, 0.2)],
        "rank_lists": [entry(folder, 7, "sma"), entry(folder, 7, "fna"), entry(folder, 5, "sma")],
    }  # fmt: skip


def retrieval_results(folder):
    clean = {key: value for key, value in entry(folder).items() if key in ("query", "clean")}
    return {
        **origin(),
        "figures": dict.fromkeys(SHARES, 0.7),
        "cmc": [0.7, 0.8, 1.0],
        "queries": {"valid": 3, "skipped": 1},
        "settings": {"distance": "cosine", "average_precision": "market_toolbox"},
        "rank_lists": [clean],
    }
