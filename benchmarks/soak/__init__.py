"""A model server under mixed load, while its versions change under it.

exports.py makes two versions and writes down their answers; load.py asks for them from processes of
its own; story.py swaps, rolls back and ends the server; verdicts.py compares.
"""
