"""Results that have a page of their own, and how it is made of them."""

import json

from keras_reid.errors import ReIDError
from keras_reid.evaluation import robustness_results
from keras_reid.evaluation.robustness_files import read_results
from keras_reid.evaluation.study import results as study_results
from keras_reid.evaluation.transfer import read_transfer
from keras_reid.evaluation.transfer import results as transfer_results
from keras_reid.reports import robustness_report, transfer_report
from keras_reid.reports.guides_study import guides_report


def read_study(path):
    """What trainers.evaluate_robustness --study=guides wrote."""
    return read_results(path, study_results.KIND, study_results.SCHEMA)


# Kind of results -> how they are read, and their page.
OWN_PAGES = {
    robustness_results.KIND: (read_results, robustness_report),
    study_results.KIND: (read_study, guides_report),
    transfer_results.KIND: (read_transfer, transfer_report),
}


def page_of_its_own(paths, *, title=None, rank_lists=None):
    """The ReportContent of results that have their own page; None for trainers.attack's.

    Args:
      paths: JSON files.
      title: of the page; None: its own.
      rank_lists: names of attacks, of a robustness evaluation; None: its own choice.

    Raises:
      ReIDError: several files, a file that cannot be read, or one without rank lists.
    """
    found = [(path, OWN_PAGES[kind]) for path in paths if (kind := _kind_of(path)) in OWN_PAGES]
    if not found:
        return None
    path, (read, page) = found[0]
    if len(paths) > 1:
        raise ReIDError(f"{path} has a page of its own; give it alone")
    how = {"title": title} if title else {}
    if rank_lists is not None:
        if page is not robustness_report:
            raise ReIDError(f"{path} holds no rank lists; leave --rank_lists out")
        how["attacks"] = rank_lists
    return page(read(path), **how)


def read_json(path):
    """A JSON file, or one sentence about it."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise ReIDError(f"cannot read the results {path}: {error}; write them again") from error


def _kind_of(path):
    content = read_json(path)
    return content.get("kind") if isinstance(content, dict) else None
