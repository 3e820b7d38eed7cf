"""Validation: does a model server load this export, and answer as the export does?

start; wait running; wait loaded; ask every signature; stop
the requests that passed become the warm-up; start again with it; wait loaded; measure; stop
"""

import contextlib
import dataclasses

from export.parity import Row
from export.publishing import markers
from export.publishing.checks import latency
from export.publishing.checks.answers import check_answers, check_merged
from export.publishing.checks.refusals import check_ceilings, check_refusals
from export.publishing.checks.requests import (
    describe,
    encoded_requests,
    foreign_requests,
    main_requests,
    unchecked,
)
from export.publishing.checks.warmup import records_read, warmup_file
from export.publishing.checks.wire import Wire
from export.publishing.runners.process import ServerDown
from export.publishing.server_session import WARMUP, print_log, serving
from export.session import ServedModel
from keras_reid.errors import ReIDError, first_line
from keras_reid.files import aside
from serving.contract import EMBED, ENCODED_SUFFIX

STEPS = 5
BATCH_SIZES = (1, 4)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How an export is tried.

    batch_sizes: rows of the requests, ascending; also those of the warm-up.
    steps: of iterative attacks. timeout: seconds for a start, a load and a request.
    """

    batch_sizes: tuple = BATCH_SIZES
    steps: int = STEPS
    timeout: float = 300.0

    def __post_init__(self):
        sizes = self.batch_sizes
        if not sizes or list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
            raise ReIDError(
                f"batch sizes {', '.join(map(str, sizes)) or 'of nothing'} are not ascending "
                "numbers from 1; say for instance 1,4"
            )


@dataclasses.dataclass
class Findings:
    """What came out: comparisons, what was not compared, and why a server did not come up."""

    rows: list = dataclasses.field(default_factory=list)
    not_checked: list = dataclasses.field(default_factory=list)
    failure: str = ""
    latency: dict | None = None
    warmup_records: dict = dataclasses.field(default_factory=dict)
    warmup_seen: int = 0

    @property
    def blessed(self):
        return not self.failure and all(row.holds for row in self.rows)

    @property
    def reason(self):
        """Why not, in a few words."""
        failed = [row.what for row in self.rows if not row.holds]
        return self.failure or "; ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")


def validate(export, make_runner, images, settings, *, extra_rows=(), say=print, tell=None, origin):
    """Tries an export on a server, writes its warm-up and its blessing.

    Args:
      export: Export.
      make_runner: (base, names) -> runner.
      images: (count, size) -> uint8 [count, H, W, 3].
      settings: Settings.
      extra_rows: Rows of comparisons made elsewhere (trained = exported).
      say: told what happens. tell: told the seconds of a wait.
      origin: dict on how this came about, for the marker.

    Returns:
      Findings; the marker in the main version folder says the same.

    Raises:
      ReIDError: an export that cannot be tried at all, or a folder that cannot be written.
    """
    server = make_runner(export.main, []).version()  # refuses a server that cannot be had
    before = export.fingerprint()
    findings = Findings(rows=list(extra_rows))
    tell = tell or (lambda seconds: None)
    with contextlib.ExitStack() as stack:
        local = {
            name: stack.enter_context(ServedModel(folder))
            for name, folder in export.folders.items()
        }
        told = describe(local[export.name], export.main)
        requests = make_requests(export, local, told, images, settings)
        findings.not_checked = [
            f"{name} {signature}"
            for name, served in local.items()
            for signature in unchecked(served, [r for r in requests if r.servable == name])
        ]
        warmups = {}
        with server_down(findings):
            with serving(
                export, make_runner, timeout=settings.timeout, tell=tell
            ) as runner, Wire(runner.endpoint, settings.timeout) as wire:  # fmt: skip
                passed = ask(wire, local, requests, told, settings, findings, runner, say)
                if not findings.blessed:
                    print_log(runner)
    if findings.blessed:
        warmups = {
            name: warmup_file(records)
            for name in export.folders
            if (records := [request for request in passed if request.servable == name])
        }
        findings.warmup_records = {
            name: sum(request.servable == name for request in passed) for name in warmups
        }
        with server_down(findings):
            rehearse(export, make_runner, warmups, passed, settings, findings, say, tell)
    return record(export, findings, before, warmups, origin | {"server": server})


def make_requests(export, local, told, images, settings):
    """Every Request, each of the largest batch size; a foreign model gets what is known of it."""
    largest = settings.batch_sizes[-1]
    if told is None:
        requests = [
            request
            for name, served in local.items()
            for request in foreign_requests(name, served, lambda size: images(largest, size))
        ]
        if not requests:
            raise ReIDError(
                f"no signature of {export.main} takes one image of a fixed size, so none can be "
                "checked; export it with python -m export.export_model"
            )
        return requests
    if export.encoded is None:
        raise ReIDError(
            f"{export.main} has no encoded servable of the same version beside it; export it again"
        )
    ceiling = told["limits"]["batch"]
    if largest > ceiling:
        raise ReIDError(
            f"a batch size of {largest} is above the export's ceiling of {ceiling} images; give "
            "smaller --batch_sizes"
        )
    pixels = images(largest, tuple(told["input_size"]))
    name = export.name
    requests = [
        *main_requests(name, local[name], told, pixels, settings.steps),
        *encoded_requests(name + ENCODED_SUFFIX, pixels),
    ]
    for request in requests:
        if request.signature not in local[request.servable].signatures:
            raise ReIDError(
                f"{export.main} breaks the contract: {request.servable} lacks the signature "
                f"{request.signature}; export it again"
            )
    return requests


def ask(wire, local, requests, told, settings, findings, runner, say):
    """Fills the findings' rows; returns the requests that passed, in all batch sizes."""
    passed = []
    for request in requests:
        say(f"  asking {request.servable} {request.signature} ...")
        answers = {}
        for size in settings.batch_sizes:
            part = request.first(size)
            row, answer = check_answers(wire, local[part.servable], part, runner.pixel_share)
            findings.rows.append(row)
            if answer is not None:
                answers[size] = answer
            if row.holds:
                passed.append(part)
        smallest, *larger = settings.batch_sizes
        for size in larger:
            if smallest in answers and size in answers:
                findings.rows.append(check_merged(request, answers[size], answers[smallest]))
    if told is not None:
        findings.rows += check_refusals(wire, requests)
        findings.rows += check_ceilings(wire, requests, told)
    return passed


def rehearse(export, make_runner, warmups, passed, settings, findings, say, tell):
    """Loads the export once more, now with its warm-up, and times the first image on it."""
    say("  loading it once more with the warm-up ...")
    with serving(
        export, make_runner, timeout=settings.timeout, warmups=warmups, tell=tell
    ) as runner, Wire(runner.endpoint, settings.timeout) as wire:  # fmt: skip
        findings.warmup_seen = records_read(runner.logs())
        embeds = [request for request in passed if request.signature == EMBED] or passed
        findings.latency = latency.measure(wire, embeds[0]) | {"server": runner.kind}


def record(export, findings, before, warmups, origin):
    """Writes warm-up and marker; returns the findings."""
    if export.fingerprint() != before:
        raise ReIDError(f"{export.main} changed while it was validated; validate it again")
    if findings.blessed:
        for name, content in warmups.items():
            with aside(export.folders[name] / WARMUP) as draft:
                draft.write_bytes(content)
    markers.bless(
        export.main,
        markers.INFRA,
        findings.blessed,
        {
            "fingerprint": export.fingerprint(),
            "reason": findings.reason,
            "checks": [dataclasses.asdict(row) for row in finite(findings.rows)],
            "not_checked": findings.not_checked,
            "warmup_records": findings.warmup_records,
            "warmup_records_seen_in_log": findings.warmup_seen,
            "latency": findings.latency,
            "origin": origin,
        },
    )
    return findings


def finite(rows):
    """Rows whose figure is a number that JSON knows."""
    return [
        row if row.figure < float("inf") else Row(row.what, -1.0, row.bar, row.holds)
        for row in rows
    ]


@contextlib.contextmanager
def server_down(findings):
    """A server that does not come up is a finding, not bad input."""
    try:
        yield
    except ServerDown as error:
        findings.failure = first_line(error)
