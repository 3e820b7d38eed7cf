"""Whether an answer is one that TensorFlow Serving gives."""

# For bytes that are no message gRPC has the code INTERNAL, in C++ and in Python.
UNPARSED = "not a "
LATE_SECONDS = 5.0  # beyond a call's own deadline


def finding(case, outcome):
    """A sentence, or None where all is well."""
    if outcome.status not in case.allowed:
        return f"answered {outcome.status}, not {' or '.join(sorted(case.allowed))}"
    if outcome.status == "INTERNAL" and not outcome.details.startswith(UNPARSED):
        return "INTERNAL, and not because it could not be parsed"
    if outcome.details == "GARBLED":
        return "an error without its {'error': ..}"
    if outcome.seconds > case.timeout + LATE_SECONDS:
        return f"answered after {outcome.seconds:.1f} s"
    return None
