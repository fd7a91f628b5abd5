"""How a frame becomes faces or labels.

- `frame_jobs`: makes the jobs that an engine runs; opens with what is wanted of a frame.
- `faces`, `tracked_faces`, `objects`: the jobs.
- `tools`: what each worker thread has for them.
- `frame_search`, `region_search`: looking for faces in a frame whose faces are tracked.
"""
