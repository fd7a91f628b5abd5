"""Who is known: reference photos, their descriptors, and the nearest of them."""
