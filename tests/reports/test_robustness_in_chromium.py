"""The page of a robustness evaluation as a browser shows it, on a phone and on a wide screen."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
PHONE, WIDE, HEIGHT = 375, 1200, 900
LIGHT, DARK = 1, 0  # Chromium's numbers of the two colour schemes

# Only in the copy that is looked at: the page itself has no script.
PROBE = """
<script>
addEventListener("load", () => {
  const shown = (element) => element.checkVisibility();
  const all = (what) => [...document.querySelectorAll(what)];
  const seen = {
    width: innerWidth,
    page: document.documentElement.scrollWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    pictures: all("img").map((image) => [image.complete, image.naturalWidth]),
    curves: all("figure.picture img").map((image) => [image.getBoundingClientRect().width,
                                                      image.currentSrc.length]),
    tables: all("table").filter(shown).length,
    tiles: all("img.tile").filter(shown).length,
    guides: all(".push .tile, .pull .tile").filter(shown).length,
    checks: all("table.checks tbody tr").filter(shown).length,
    tile: Math.min(...all(".places .tile").map((tile) => tile.getBoundingClientRect().width)),
    background: getComputedStyle(document.body).backgroundColor,
  };
  parent.postMessage(JSON.stringify(seen), "*");
});
</script>
</body>"""

# A window of Chromium is at least 500 pixels wide, a frame in it can be narrower.
FRAME = """<!doctype html>
<body style="margin: 0">
<script>
addEventListener("message", (event) => {{
  const told = document.createElement("pre");
  told.id = "seen";
  told.textContent = event.data;
  document.body.append(told);
}});
</script>
<iframe src="{page}" style="border: 0; width: {width}px; height: {height}px"></iframe>
</body>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is on PATH"),
]


def browse(folder, page, width, scheme, *what):
    """Opens a page in a frame of a width, as a reader who prefers a colour scheme."""
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(page=page.name, width=width, height=HEIGHT))
    return subprocess.run(
        [
            BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", "--timeout=60000",
            f"--blink-settings=preferredColorScheme={scheme}",
            f"--window-size={max(width, 500)},{HEIGHT}", "--virtual-time-budget=5000", *what,
            frame.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def copy(robust_page, tmp_path_factory):
    """The page with eyes."""
    path = tmp_path_factory.mktemp("browser") / "page.html"
    assert robust_page.count("</body>") == 1
    path.write_text(robust_page.replace("</body>", PROBE), encoding="utf-8")
    return path


@pytest.mark.parametrize("width,scheme", [(PHONE, DARK), (WIDE, LIGHT)])
def test_tables_curves_and_pictures_are_shown(robust, robust_page, copy, width, scheme):
    dumped = browse(copy.parent, copy, width, scheme, "--dump-dom").stdout
    seen = json.loads(html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', dumped)[1]))
    assert seen["width"] == width and seen["dark"] == (scheme == DARK)
    assert seen["page"] <= width  # no sideways scroll
    assert len(seen["pictures"]) == robust_page.count("<img ")
    assert all(complete and size > 0 for complete, size in seen["pictures"])
    assert len(seen["curves"]) == 3
    assert all(shown > 0.8 * PHONE for shown, _ in seen["curves"])
    # Headline, over epsilon, transfer, black box, checks; what is folded is not shown.
    assert seen["tables"] == 5
    loud = [check for check in robust.results["checks"] if check["verdict"] != "pass"]
    assert seen["checks"] == len(loud)
    assert seen["tiles"] == len(seen["pictures"]) - 3 and seen["guides"] > 0
    assert seen["tile"] >= 40
    assert seen["background"] == ("rgb(21, 24, 28)" if scheme == DARK else "rgb(255, 255, 255)")


def test_a_picture_of_the_page_is_not_empty(copy):
    shot = copy.parent / "shot.png"
    browse(copy.parent, copy, WIDE, LIGHT, f"--screenshot={shot}")
    pixels = np.asarray(Image.open(shot).convert("L"))
    assert pixels.shape == (HEIGHT, WIDE)
    # Letters on a white page: mostly paper, some ink, all over its height.
    assert pixels[0, 0] == 255 and 0.01 < (pixels < 100).mean() < 0.3
    assert (pixels[: HEIGHT // 2] < 100).any() and (pixels[HEIGHT // 2 :] < 100).any()
