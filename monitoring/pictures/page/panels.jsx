// The kinds of panel, drawn with Grafana's own components.

import {
  getFieldDisplayValues,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from "@grafana/data";
import { BigValue, Table, TimeSeries } from "@grafana/ui";
import { firstValueFrom } from "rxjs";

import { painter } from "./annotations.js";
import { dressed } from "./fields.js";

standardTransformersRegistry.setInit(() =>
  [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer].map(
    (transformation) => ({ id: transformation.id, name: transformation.name, transformation }),
  ),
);

/** Plots that the marks are painted on already. */
const painted = new WeakSet();

/** Return a panel's data as it is to be shown. */
export async function prepared(panel, questions, theme) {
  const filled = (text) => questions.filled(text, "text");
  const answers = await questions.answers(panel.targets);
  const changed = panel.transformations?.length
    ? await firstValueFrom(transformDataFrame(panel.transformations, answers))
    : answers;
  return dressed(panel, changed, theme, filled);
}

/** A panel's inside, `width` by `height` pixels large. */
export function Inside({ panel, frames, span, marks, theme, width, height }) {
  if (frames.every((frame) => frame.length === 0)) {
    const style = { margin: "auto", color: theme.colors.text.secondary };
    return (
      <div data-empty={panel.title} style={style}>
        No data
      </div>
    );
  }
  const Kind = { timeseries: Chart, stat: Figure, table: Rows }[panel.type];
  return <Kind {...{ panel, frames, span, marks, theme, width, height }} />;
}

function Chart({ panel, frames, span, marks, theme, width, height }) {
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={span}
      timeZone="utc"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    >
      {(config) => {
        if (!painted.has(config)) {
          painted.add(config);
          config.addHook("draw", painter(marks, theme));
        }
        return null;
      }}
    </TimeSeries>
  );
}

function Figure({ panel, frames, theme, width, height }) {
  const { options, fieldConfig } = panel;
  const [first] = getFieldDisplayValues({
    fieldConfig,
    reduceOptions: options.reduceOptions,
    replaceVariables: (text) => text,
    theme,
    data: frames,
    sparkline: options.graphMode !== "none",
    timeZone: "utc",
  });
  return (
    <BigValue
      value={first.display}
      sparkline={first.sparkline}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      textMode={options.textMode}
      justifyMode={options.justifyMode}
      disableWideLayout={!options.wideLayout}
      count={1}
      theme={theme}
      width={width}
      height={height}
    />
  );
}

function Rows({ panel, frames, width, height }) {
  const { sortBy, showTypeIcons, cellHeight } = panel.options;
  return (
    <Table
      data={frames[0]}
      width={width}
      height={height}
      initialSortBy={sortBy}
      showTypeIcons={showTypeIcons}
      cellHeight={cellHeight}
    />
  );
}
