"""A small retained toolkit for touch screens, drawn with pygame, redrawing only what changed.

- `colours`, `metrics`, `typeface`, `shapes`, `icons`: how things look; `look` holds them all.
- `widget`: the tree; `stage`: its layers, what is dirty, whose a finger is.
- `controls`, `slider`, `scroll`, `keyboard`: what is tapped and dragged.
- `entry`, `popup`, `toast`: pages and cards above the others.
- `plot`, `charts`: where a chart's points lie, and their drawing.
"""
