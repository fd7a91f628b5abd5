"""What the server tells about itself: metrics, liveness and readiness.

- `catalogue`: every metric, declared once; `reference` makes the documentation of it.
- `clients`, `client_labels`: what is counted for each client, under labels that are bounded.
- `stages`, `heartbeat`: times of the pipeline's stages and lag of the event loop.
- `conditions`, `gpu`: what is only looked at when somebody asks.
- `readiness`, `self_test`: whether the server can do its work.
- `endpoints`, `probe`: all of it over HTTP, and the question that a container asks.
"""
