"""Operations that run an attack of the export."""

import numpy as np

from serving import contract
from serving.answers import AttackResult
from serving.attack_inputs import attack_inputs
from serving.calls import Parts, predict
from serving.images import Files, as_batch, check_size
from serving.parts import Counter, in_parts
from serving.sending_files import pixels_of
from serving.telling import warn


def attack(model, images, attack, settings, progress=None):
    """Operation: the adversarial images of `attack_details`, and a warning where one failed."""
    result = yield from attack_details(model, images, attack, settings, progress)
    failed = np.flatnonzero(~result.valid)
    if len(failed):
        warn(
            f"attack {attack} failed on {len(failed)} of {len(result.valid)} images, first on "
            f"image {failed[0]}; they are unchanged"
        )
    return result.adversarial


def attack_details(model, images, attack, settings, progress=None):
    """Operation: an AttackResult.

    Args:
      images: pixels or files.
      settings: the keyword arguments of `attack_inputs` that a caller chooses.
    """
    batch = as_batch(images)
    told = yield from model.own_description()
    if not isinstance(batch, Files):
        check_size(batch, told["input_size"])
    values = yield from attack_inputs(model, told, attack, len(batch), **settings)
    signature = contract.attack_signature_name(attack)
    outputs = contract.MISRANK_OUTPUTS if "num_pixels" in values else contract.ATTACK_OUTPUTS
    size, counter = (yield from model.part_size()), Counter(progress, len(batch))

    def attack_part(part):
        given = {"images": (yield from pixels_of(model, batch[part], told["limits"]))}
        given |= {name: value[part] for name, value in values.items()}
        return (yield from predict(model.name, signature, given, outputs))

    operations = (
        counter.after(attack_part(part), part.stop - part.start) for part in in_parts(batch, size)
    )
    answers = yield Parts(operations, model.max_in_flight)
    rows = {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}
    return AttackResult(**{**rows, "valid": rows["valid"].astype(bool)})
