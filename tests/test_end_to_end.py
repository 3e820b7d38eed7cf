"""The demo, small: every command after the other, as `make demo` runs them."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.commands import assert_refused, call, run


@pytest.mark.slow
def test_the_demo_goes_from_drawn_people_to_a_report(tmp_path):
    folder = tmp_path / "demo"
    done = run(
        "trainers.demo", f"--output={folder}", "--epochs=2", "--train_ids=20", "--test_ids=6",
        "--images_per_camera=2", "--epsilons_255=5", "--other_attacks=odfa", "--restarts=1",
        "--defense_epochs=1", "--robustness_epsilons_255=0,5", "--misrank_epochs=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    # Resumed: two epochs in all, the second by another process.
    result = json.loads((folder / "train" / "result.json").read_text())
    assert result["finished"] and result["epochs"] == 2
    curves = json.loads((folder / "curves.json").read_text())
    assert [row["attack"] for row in curves["rows"]] == ["noise", "ifgsm", "sma", "fna"]
    assert all(row["linf_255"] == 5 for row in curves["rows"])
    parity = json.loads((folder / "parity.json").read_text())
    served = [row for row in parity if "exported = served" in row["what"]]
    assert len(served) == 7 and all(row["holds"] for row in parity)
    robustness = json.loads((folder / "robustness" / "results.json").read_text())
    assert robustness["model"]["source"].endswith("defended")
    assert robustness["twin"]["source"].endswith("train")
    transfer = json.loads((folder / "transfer" / "results.json").read_text())
    assert [cell["kinship"] for cell in transfer["cells"]] == ["own", "cross-model"]
    html = (folder / "report.html").read_text()
    for word in ("ifgsm", "odfa", "exported = served", "data:image/png;base64,", "fingerprint"):
        assert word in html
    assert "http://" not in html and "https://" not in html, "the page has to be self-contained"
    adversarial = next((folder / "query").rglob("*.png"))
    assert np.asarray(Image.open(adversarial)).shape == (64, 32, 3)
    assert "server stopped" in done.stdout and str(folder / "report.html") in done.stdout


def test_the_demo_does_not_empty_a_folder_that_is_no_demo(tmp_path):
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "precious.txt").write_text("mine")
    assert_refused(call("trainers.demo", f"--output={tmp_path}"), "choose another --output")
    assert (tmp_path / "people" / "precious.txt").read_text() == "mine"
