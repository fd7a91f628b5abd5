"""The recognition server: frames in over TLS WebSockets, named faces and objects out."""
