"""Which requests an export of ours, or of others, gets, and the asking."""

from export.publishing.checks.answers import check_answers, check_merged
from export.publishing.checks.refusals import check_ceilings, check_refusals
from export.publishing.checks.requests import encoded_requests, foreign_requests, main_requests
from keras_reid.errors import ReIDError
from serving.contract import ENCODED_SUFFIX


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
