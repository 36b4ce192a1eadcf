"""A steady mix of everything while whoever serves it is killed at random; then the books."""
