"""Makes the Grafana dashboards: `python -m monitoring.dashboards` writes them.

Nobody edits that JSON by hand; a test holds it in step with this package.
"""
