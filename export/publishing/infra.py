"""Validation: does a model server load this export, and answer as the export does?

start; wait running; wait loaded; ask every signature; stop
the requests that passed become the warm-up; start again with it; wait loaded; measure; stop
"""

import contextlib
import dataclasses

from export.publishing import markers
from export.publishing.checks import latency
from export.publishing.checks.asking import ask, make_requests
from export.publishing.checks.requests import describe, unchecked
from export.publishing.checks.warmup import records_read, warmup_file
from export.publishing.checks.wire import Wire
from export.publishing.findings import Findings, finite
from export.publishing.runners.process import ServerDown
from export.publishing.server_session import WARMUP, print_log, serving
from export.session import ServedModel
from keras_reid.errors import ReIDError, first_line
from keras_reid.files import aside
from serving.contract import EMBED


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


@contextlib.contextmanager
def server_down(findings):
    """A server that does not come up is a finding, not bad input."""
    try:
        yield
    except ServerDown as error:
        findings.failure = first_line(error)
