"""Bulk work on Apache Beam: a data set of any size, embedded and attacked into sharded files.

output/
  embeddings-00003-of-00016.parquet   (or .tfrecord) records, in the order of their keys
  _dead_letters/00003-of-00016.jsonl  what could not be used, and why
  _partitions/00003-of-00016.json     this partition is whole; its counts
  _listing/00003-of-00016.jsonl       what belongs to it, by a hash of the key
  _job.json                           the settings; a run with others is refused
  _SUCCESS                            the summary, last of all

Readers of Parquet pass over names that begin with an underscore or a dot.
"""
