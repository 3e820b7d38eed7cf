"""What is asked of a server that has loaded an export, and what its answers have to be."""
