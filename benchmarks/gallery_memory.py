"""Memory of attacking a whole gallery with guides: 20,000 images of 64x32, one step.

    python -m benchmarks.gallery_memory

Draws noisy crops of 1,000 people into a temporary folder and runs `trainers.attack
--attacked=gallery` on an untrained small backbone as a process of its own, with FNA (all guides of
two people) and with IFGSM (four pushes, one pull). The peer is the same command on a tenth of the
gallery. Prints JSON; the bar is 4 GB at the peak.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from absl import app, flags
from PIL import Image

from keras_reid.models import build_reid_model

GALLERY = flags.DEFINE_integer("gallery", 20_000, "Images of the gallery.", lower_bound=100)
SIZE, EACH, CAMERAS, QUERIES = (64, 32), 20, 5, 500
MAX_GIGABYTES = 4.0
COMMANDS = {
    "fna": ("--attacks=fna",),
    "ifgsm (4,1)": ("--attacks=ifgsm", "--num_push=4", "--num_pull=1"),
}


def draw(root, count):
    """A data set in Market-1501's layout: colours for people, noise for the rest."""
    rng = np.random.default_rng(0)
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (root / folder).mkdir(parents=True)
    for number in range(count):
        pid, camid = number // EACH + 1, number % CAMERAS + 1
        colours = np.random.default_rng(pid).integers(30, 220, (2, 1, 1, 3))
        pixels = np.repeat(colours, SIZE[0] // 2, axis=1).reshape(SIZE[0], 1, 3)
        pixels = np.clip(pixels + rng.normal(0, 20, (*SIZE, 3)), 0, 255).astype(np.uint8)
        folders = ["bounding_box_test"]
        folders += ["query"] if number % EACH == 0 and pid <= QUERIES else []
        folders += ["bounding_box_train"] if pid <= 2 else []
        for folder in folders:
            name = f"{pid:04}_c{camid}s1_{number:06}_00.jpg"
            Image.fromarray(pixels).save(root / folder / name)


def measured(model, data, settings):
    """{"peak_gigabytes", "seconds"} of one command."""
    command = [
        sys.executable, "-m", "trainers.attack", f"--model={model}", f"--data={data}",
        "--attacked=gallery", "--guide_source=gallery", "--steps=1", "--epsilons_255=5",
        "--rank_lists=0", "--batch_size=64", *settings,
    ]  # fmt: skip
    started = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(output.read().decode()[-2000:])
    return {
        "peak_gigabytes": round(used.ru_maxrss * 1024 / 1e9, 3),
        "seconds": round(time.perf_counter() - started, 1),
    }


def main(argv):
    del argv
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        model = root / "model.keras"
        build_reid_model("small", SIZE).save(str(model))
        peaks = {}
        for count in (GALLERY.value // 10, GALLERY.value):
            draw(root / str(count), count)
            peaks[count] = {
                name: measured(model, root / str(count), settings)
                for name, settings in COMMANDS.items()
            }
    small, large = peaks.values()
    report = {
        "gallery": GALLERY.value,
        "attacks": large,
        "peer": f"the same with {GALLERY.value // 10} images",
        "peer_attacks": small,
        "peak_over_peer": {
            name: round(large[name]["peak_gigabytes"] / small[name]["peak_gigabytes"], 2)
            for name in large
        },
        "max_gigabytes": MAX_GIGABYTES,
    }
    print(json.dumps(report, indent=2))
    return int(any(each["peak_gigabytes"] > MAX_GIGABYTES for each in large.values()))


if __name__ == "__main__":
    app.run(main)
