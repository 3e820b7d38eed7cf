"""Checks of who is where: identities, cameras and splits."""

import collections

import numpy as np

from keras_reid.data.doctor_finding import ERROR, OK, WARN, Finding
from keras_reid.data.records import DISTRACTOR, num_identities, queries_without_match


def training_people(patient):
    """Somebody to learn from, and somebody else."""
    people = num_identities(patient.dataset.train)
    if people == 0:
        return Finding(WARN, "training_people", 0, "there is no training image: evaluation only")
    if people == 1:
        return Finding(
            ERROR, "training_people", 1, "all training images show one person; two are needed"
        )
    return Finding(OK, "training_people", people, f"{people} people to learn from")


def evaluation_splits(patient):
    """Both a query and a gallery, or neither."""
    query, gallery = len(patient.dataset.query), len(patient.dataset.gallery)
    if query and gallery:
        return Finding(OK, "evaluation_splits", query, f"{query} queries, {gallery} gallery images")
    if query or gallery:
        lacking = "gallery" if query else "query"
        return Finding(ERROR, "evaluation_splits", 0, f"there is no {lacking} image to evaluate on")
    return Finding(WARN, "evaluation_splits", 0, "no query and no gallery image: training only")


def special_pids(patient):
    """Distractors belong into the gallery only."""
    wrong = [r for r in patient.used if r.pid == DISTRACTOR and r.split != "gallery"]
    if wrong:
        return Finding(
            ERROR,
            "special_pids",
            len(wrong),
            f"{len(wrong)} training or query images have pid 0, which stands for distractors; "
            f"number people from 1; first {wrong[0].path}",
        )
    return Finding(OK, "special_pids", 0, "distractors (pid 0) lie in the gallery only")


def single_images(patient):
    """A training person with one image has no positive pair."""
    counts = collections.Counter(record.pid for record in patient.dataset.train)
    single = sum(count == 1 for count in counts.values())
    if single:
        return Finding(
            WARN,
            "single_images",
            single,
            f"{single} of {len(counts)} training people have one image, so no match to learn from",
        )
    return Finding(OK, "single_images", 0, "every training person has two images or more")


def one_camera(patient):
    """Who is seen by one camera teaches nothing about change of camera."""
    cameras = collections.defaultdict(set)
    for record in patient.used:
        if record.pid > DISTRACTOR:
            cameras[record.split == "train", record.pid].add(record.camid)
    single = sum(len(seen) == 1 for seen in cameras.values())
    if single:
        return Finding(
            WARN,
            "one_camera",
            single,
            f"{single} of {len(cameras)} people are seen by one camera only, "
            "so nothing about them shows across cameras",
        )
    return Finding(OK, "one_camera", 0, "everybody is seen by two cameras or more")


def unmatched_queries(patient):
    """A query counts only if the gallery has its person from another camera."""
    query, gallery = patient.dataset.query, patient.dataset.gallery
    unmatched = np.flatnonzero(queries_without_match(query, gallery))
    figure = len(unmatched)
    if not figure:
        return Finding(OK, "unmatched_queries", 0, "every query has a match from another camera")
    first = f"first {query[unmatched[0]].path}"
    if figure == len(query):
        return Finding(
            ERROR,
            "unmatched_queries",
            figure,
            f"no query has a gallery image of its person from another camera ({first}): "
            "the evaluation would be empty; check pids and camids",
        )
    return Finding(
        WARN,
        "unmatched_queries",
        figure,
        f"{figure} of {len(query)} queries have no match from another camera "
        f"and will be skipped; {first}",
    )


def shared_people(patient):
    """Re-identification is measured on people never trained on."""
    train = {record.pid for record in patient.dataset.train}
    test = {record.pid for record in patient.dataset.query + patient.dataset.gallery}
    shared = sorted((train & test) - {DISTRACTOR})
    if shared:
        return Finding(
            ERROR,
            "shared_people",
            len(shared),
            f"{len(shared)} people are in training and test alike, "
            f"so the test would measure memory; first pid {shared[0]}",
        )
    return Finding(OK, "shared_people", 0, "nobody is in training and test alike")


def distractors(patient):
    """Counted: strangers that make the gallery harder."""
    count = sum(record.pid == DISTRACTOR for record in patient.dataset.gallery)
    return Finding(OK, "distractors", count, f"{count} distractors (pid 0) in the gallery")


def junk(patient):
    """Counted: detections nobody is scored on."""
    count = len(patient.dataset.junk)
    return Finding(OK, "junk", count, f"{count} junk images (pid -1) set aside")
