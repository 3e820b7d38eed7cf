"""Records as Parquet or TFRecord: the same columns and features under the same names."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.tfrecordio import _TFRecordUtil

METADATA = "keras_reid"  # key of the Parquet metadata that holds the run's settings as JSON
ATTACK_COLUMNS = {
    "adversarial_png": pa.binary(),
    "epsilon": pa.float32(),
    "seed": pa.int64(),
    "displacement": pa.float32(),
    "linf": pa.float32(),
    "valid": pa.bool_(),
}


def columns(embedding_size, attacked):
    """{name: Arrow type} of a record; pid and camid may be null."""
    own = {
        "key": pa.string(),
        "pid": pa.int64(),
        "camid": pa.int64(),
        "embedding": pa.list_(pa.float32(), embedding_size),
        "model": pa.string(),
    }
    return own | (ATTACK_COLUMNS if attacked else {})


def parquet(records, types, settings):
    """The bytes of a Parquet file; one without records has its schema all the same."""
    schema = pa.schema(list(types.items()), metadata={METADATA: json.dumps(settings)})
    arrays = [column([record[name] for record in records], kind) for name, kind in types.items()]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), buffer)
    return buffer.getvalue()


def column(values, kind):
    if not pa.types.is_fixed_size_list(kind):
        return pa.array(values, kind)
    flat = np.concatenate([np.zeros(0, np.float32), *values]).astype(np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), kind.list_size)


def tfrecord(records, types, settings):
    """The bytes of a TFRecord file of tf.Examples; an unknown pid or camid has no value."""
    import tensorflow as tf

    del settings  # there is no place for them
    buffer = io.BytesIO()
    for record in records:
        features = {name: feature(tf, record[name], kind) for name, kind in types.items()}
        example = tf.train.Example(features=tf.train.Features(feature=features))
        _TFRecordUtil.write_record(buffer, example.SerializeToString(deterministic=True))
    return buffer.getvalue()


def feature(tf, value, kind):
    values = [] if value is None else value if isinstance(value, np.ndarray) else [value]
    if kind in (pa.string(), pa.binary()):
        values = [each.encode() if isinstance(each, str) else each for each in values]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if pa.types.is_floating(kind) or pa.types.is_fixed_size_list(kind):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=map(int, values)))


WRITERS = {"parquet": parquet, "tfrecord": tfrecord}
