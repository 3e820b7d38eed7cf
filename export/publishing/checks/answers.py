"""Exported = served, for every signature; alone = merged."""

import numpy as np
import tensorflow as tf

from export.parity import DISPLACEMENT_TOLERANCE, EMBEDDING_TOLERANCE, PIXEL_SHARE, Row
from export.publishing.checks.wire import Refused
from keras_reid.errors import first_line

# Merged requests run another kernel than those alone: the bars of the contract for that.
MERGED_DISPLACEMENT = 0.02
MERGED_FLOATS = 1e-4


def check_answers(wire, local, request, pixel_share):
    """(Row, the server's answer or None) of one request.

    Args:
      wire: Wire. local: ServedModel of the same servable.
      request: Request.
      pixel_share: of whole numbers that have to be equal.
    """
    what = f"{request.what}: exported = served"
    try:
        exported = local.run(request.signature, request.inputs)
    except tf.errors.OpError as error:
        failed = f"{request.what}: the export itself fails ({first_line(error.message)})"
        return Row(failed, float("inf"), "an answer", False), None
    try:
        served = wire.predict(request.message())
    except Refused as refused:
        return Row(f"{what} ({refused})", float("inf"), "an answer", False), None
    bars = {"displacement": DISPLACEMENT_TOLERANCE}
    row = compare(what, exported, served, bars, 1 - pixel_share, EMBEDDING_TOLERANCE)
    return row, served


def check_merged(request, merged, alone):
    """Row: the first row of a larger request and the same row alone."""
    count = len(next(iter(alone.values())))
    bars = {"displacement": MERGED_DISPLACEMENT}
    first = {name: array[:count] for name, array in merged.items()}
    what = f"{request.servable} {request.signature}: merged = alone"
    return compare(what, first, alone, bars, 1 - PIXEL_SHARE, MERGED_FLOATS)


def compare(what, left, right, bars, whole_numbers, floats):
    """One Row for all outputs: that which comes nearest to its bar, or is farthest beyond.

    Args:
      left, right: {output: array}.
      bars: {output: largest difference}; others: `whole_numbers` of the values of a tensor may
        differ, and floats by `floats` of the length of a row.
    """
    if set(left) != set(right):
        return Row(f"{what} (outputs {sorted(right)})", float("inf"), str(sorted(left)), False)
    found = []
    for name in left:
        far = difference(left[name], right[name])
        bar = bars.get(name, whole_numbers if left[name].dtype.kind in "iuOSb" else floats)
        # Where nothing may differ, anything is infinitely far beyond.
        ratio = far / bar if bar else (np.inf if far else 0.0)
        found.append((ratio, far, bar, name))
    ratio, far, bar, name = max(found, key=lambda each: each[0])
    which = name if far else "all outputs"
    return Row(f"{what}, {which}", far, f"<= {bar:.3g}", bool(ratio <= 1))


def difference(left, right):
    """How far two arrays are apart; infinite where shape, kind or NaNs differ.

    Whole numbers and strings: the share that differs. Floats: the largest difference, relative to
    the mean length of a row where that is above one.
    """
    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape or left.dtype.kind != right.dtype.kind:
        return float("inf")
    if not left.size:
        return 0.0
    if left.dtype.kind != "f":
        return float(np.mean(left != right))
    if not np.array_equal(np.isfinite(left), np.isfinite(right)):
        return float("inf")
    left, right = np.nan_to_num(left), np.nan_to_num(right)
    length = np.linalg.norm(left.reshape(len(left), -1), axis=1).mean()
    return float(np.abs(left - right).max() / max(1.0, float(length)))
