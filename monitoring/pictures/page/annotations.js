// The marks over a dashboard's charts, by the rules of Grafana's data source for Prometheus.

import { labelled } from "./questions.js";

/**
 * Return a dashboard's marks within the shown span.
 *
 * @returns {Promise<{from: number, to: number, colour: string, text: string}[]>} times in ms
 */
export async function marks(annotations, questions) {
  const { from, to } = questions.span;
  const found = await Promise.all(
    annotations.map(async (annotation) => {
      const series = await questions.range(annotation.target.expr);
      return series.flatMap((one) => ofSeries(annotation, one, questions.span.step * 1000));
    }),
  );
  return found.flat().filter((mark) => mark.to >= from * 1000 && mark.from <= to * 1000);
}

function ofSeries(annotation, { metric, values }, step) {
  const made = [];
  for (const [time, value] of values) {
    if (Number(value) <= 0) continue;
    const at = annotation.useValueForTime ? Math.floor(Number(value)) : time * 1000;
    const last = made.at(-1);
    // What follows within a step belongs to the same mark.
    if (last !== undefined && last.to + step >= at) {
      last.to = at;
    } else {
      const text = labelled(annotation.titleFormat, metric);
      made.push({ from: at, to: at, colour: annotation.iconColor, text });
    }
  }
  return made;
}

/** Return what draws the marks on a chart of Grafana's: a hook for its canvas. */
export function painter(found, theme) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const ratio = window.devicePixelRatio;
    const clamp = (x) => Math.min(Math.max(x, bbox.left), bbox.left + bbox.width);
    ctx.save();
    for (const { from, to, colour } of found) {
      const [left, right] = [from, to].map((at) => plot.valToPos(at, "x", true));
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = theme.visualization.getColorByName(colour);
      ctx.lineWidth = ratio;
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      for (const x of new Set([left, right])) {
        if (x !== clamp(x)) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.globalAlpha = 0.1;
      ctx.fillRect(clamp(left), bbox.top, clamp(right) - clamp(left), bbox.height);
      ctx.globalAlpha = 1;
      // Its bar, or its point, below the time axis.
      const foot = bbox.top + bbox.height;
      if (right - left > 2 * ratio) {
        ctx.fillRect(clamp(left), foot, clamp(right) - clamp(left), 5 * ratio);
      } else {
        ctx.beginPath();
        ctx.moveTo(left, foot);
        ctx.lineTo(left - 5 * ratio, foot + 6 * ratio);
        ctx.lineTo(left + 5 * ratio, foot + 6 * ratio);
        ctx.fill();
      }
    }
    ctx.restore();
  };
}
