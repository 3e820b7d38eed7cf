"""Configuration of TensorFlow Serving fleets, generated and checked.

Text files from templates, the numbers in them from the published versions. No TensorFlow.
"""
