"""What the server knows of each client, and whose turn it is: plain classes without I/O."""
