"""Models and gallery, loaded once per process and shared by all threads and clients."""
