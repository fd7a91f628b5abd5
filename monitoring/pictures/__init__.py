"""Draws the dashboards from live data: `python -m monitoring.pictures` writes the pictures.

There is no Grafana to be had from package registries, but what it draws with is there: the page in
`page/` shows the dashboards' files with Grafana's own libraries for data and panels.
"""
