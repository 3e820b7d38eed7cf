"""Amounts as Kubernetes writes them: "500m" processors, "4Gi" bytes."""

import re

from serving.errors import BadRequest

BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
LEAST_MEMORY = 256 * 2**20  # TensorFlow alone takes about that


def cpu_cores(text):
    """Processors as a float; raises BadRequest."""
    found = re.fullmatch(r"(\d{1,4})(?:(m)|(\.\d{1,3}))?", text)
    cores = 0.0
    if found:
        cores = int(found[1]) / 1000 if found[2] else float(found[1] + (found[3] or ""))
    if cores <= 0:
        raise BadRequest(f"--cpus {text!r} is no number of processors; write 2, 0.5 or 500m")
    return cores


def memory_bytes(text):
    """Bytes as an int; raises BadRequest."""
    found = re.fullmatch(r"(\d{1,9})([A-Za-z]{0,2})", text)
    units = BINARY | DECIMAL
    if not found or found[2] not in units:
        raise BadRequest(f"--memory {text!r} is no amount of memory; write 4Gi or 512Mi")
    amount = int(found[1]) * units[found[2]]
    if amount < LEAST_MEMORY:
        raise BadRequest(
            f"--memory {text} is less than TensorFlow Serving needs to start; allow 1Gi or more"
        )
    return amount
