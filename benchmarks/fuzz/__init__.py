"""Requests that nobody should send, to a model server that has to survive them.

cases.py draws a request from (seed, index); send.py sends it; judge.py says whether the answer is
one that TensorFlow Serving gives; campaign.py does so a hundred thousand times.
"""
