"""Other people's tests, plain and with every application wrapped: `make transparency`."""
