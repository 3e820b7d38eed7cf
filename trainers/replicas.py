"""One replica or several: the strategy, and how a batch is dealt out."""

import tensorflow as tf

from keras_reid.errors import ReIDError


def make_strategy(name):
    """ "none": TensorFlow's default; "mirrored": a replica on each GPU, without GPU on each CPU.

    Make one a process: TensorFlow's collectives do not take a second.
    """
    if name == "none":
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def check_split(strategy, batch_size, group):
    """Refuses a batch that replicas cannot share in whole groups of `group` images."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % (replicas * group):
        raise ReIDError(
            f"a batch of {batch_size // group} x {group} images cannot be dealt to {replicas} "
            f"replicas; choose --persons (or --batch_size) as a multiple of {replicas}"
        )


def split_batch(strategy, *tensors):
    """Each replica's rows of every tensor; the tensors themselves where there is one replica."""
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return tensors
    parts = [tf.split(tensor, replicas) for tensor in tensors]
    return tuple(
        strategy.experimental_distribute_values_from_function(
            lambda context, part=part: part[context.replica_id_in_sync_group]
        )
        for part in parts
    )
