"""A server started with its application traced: two processes, of which the child is the real server and this one looks on."""
