"""Model servers to try an export on: this package's own, a binary, a docker image."""
