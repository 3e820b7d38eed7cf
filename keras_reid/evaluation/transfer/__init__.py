"""Generators against victims: whose images fool whom."""

from keras_reid.evaluation.transfer.files import (
    check_outputs,
    query_saver,
    read_transfer,
    save_pictures,
    write_cells,
)
from keras_reid.evaluation.transfer.plan import TransferPlan
from keras_reid.evaluation.transfer.run import run_transfer

__all__ = [
    "TransferPlan",
    "check_outputs",
    "query_saver",
    "read_transfer",
    "run_transfer",
    "save_pictures",
    "write_cells",
]
