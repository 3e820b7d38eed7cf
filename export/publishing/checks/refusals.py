"""What a server has to refuse, and the ceilings that it has to keep: of exports of ours."""

import dataclasses

import numpy as np

from export.parity import Row
from export.publishing.checks.wire import Refused
from serving import contract

OK = "an answer"
INVALID = ("INVALID_ARGUMENT",)


def check_refusals(wire, requests):
    """Rows of requests that are at fault; the server's status has to say whose fault it is."""
    by_name = {request.signature: request.first(1) for request in requests}
    embed = by_name[contract.EMBED]
    cases = [
        ("an input is missing", embed.message(images=None), INVALID),
        (
            "pixels as float64",
            embed.message(images=np.zeros(embed.inputs["images"].shape)),
            INVALID,
        ),
        ("an unknown signature", renamed(embed, signature="nope"), ("FAILED_PRECONDITION",)),
        ("an unknown model", renamed(embed, servable="nope"), ("NOT_FOUND",)),
    ]
    if contract.DECODE in by_name:
        broken = np.array([b"no image"], object)
        cases.append(("no image", by_name[contract.DECODE].message(encoded=broken), INVALID))
    return [refusal(wire, what, message, codes) for what, message, codes in cases]


def refusal(wire, what, message, codes):
    """Row: whether the server answers with one of the statuses."""
    try:
        wire.predict(message)
        answer = OK
    except Refused as refused:
        answer = refused.code
    held = answer in codes
    return Row(f"{what}: refused ({answer})", float(not held), " or ".join(codes), held)


def check_ceilings(wire, requests, told):
    """Rows on what an attack may be asked for: a NaN hurts nobody else, a ceiling holds.

    Row 0 asks for too much, row 1 for a radius that is no number, in one request.
    """
    rows, ceiling = [], told["limits"]["epsilon"]
    for request in requests:
        if "epsilon" not in request.inputs or request.rows < 2:
            continue
        epsilon = np.array([1.0, np.nan], np.float32)
        changes = {"epsilon": epsilon}
        if "steps" in request.inputs:
            changes["steps"] = np.ones(2, np.int32)
        asked = dataclasses.replace(request.first(2), inputs=request.first(2).inputs | changes)
        what = f"{request.signature}: the ceiling holds, NaN gives the image back"
        try:
            answer = wire.predict(asked.message())
        except Refused as refused:
            rows.append(Row(f"{what} ({refused})", float("inf"), OK, False))
            continue
        images = asked.inputs["images"].astype(int)
        change = np.abs(answer["adversarial"].astype(int) - images).max(axis=(1, 2, 3)) / 255
        held = (
            change[0] <= ceiling + 1e-6 and change[1] == 0 and list(answer["valid"]) == [1, 0]
        )  # fmt: skip
        rows.append(Row(what, float(change.max()), f"<= {ceiling:.3g}", bool(held)))
    return rows


def renamed(request, **changes):
    """The message of a request to somebody else."""
    return dataclasses.replace(request, **changes).message()
