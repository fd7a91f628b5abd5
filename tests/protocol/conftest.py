"""Property tests are about what is right, not how fast: a busy machine fails none of them."""

from hypothesis import settings

settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")
