"""What one stack writes and the other reads: run by `make test-border`, which has both."""
