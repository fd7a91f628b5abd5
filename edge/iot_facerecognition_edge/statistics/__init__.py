"""What was recognised and sent, counted in fixed memory for weeks.

- `series`: values over time, finer for the last minutes and coarser for the weeks before.
- `tally`: how often each label or name was seen.
- `growth`: how fast a counter grows.
- `charts`: what a chart shows, as value types.
- `recorder`: `Statistics`, which keeps them all and makes charts of them.
- `export`: the same as CSV files.

No clock: the monotonic time in seconds is passed in.
"""

from iot_facerecognition_edge.statistics.charts import (
    ChartId,
    Line,
    LineChart,
    PieChart,
    Slice,
)
from iot_facerecognition_edge.statistics.recorder import Statistics

__all__ = ["ChartId", "Line", "LineChart", "PieChart", "Slice", "Statistics"]
