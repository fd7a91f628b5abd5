// How values look: what a panel's file says of its fields, over what Grafana's panels have by
// default.

import {
  FieldColorModeId,
  FieldConfigOptionsRegistry,
  ThresholdsMode,
  applyFieldOverrides,
  identityOverrideProcessor,
  standardFieldConfigEditorRegistry,
} from "@grafana/data";

const STANDARD = [
  "unit", "min", "max", "decimals", "displayName", "noValue", "color", "thresholds", "mappings",
  "links", "filterable",
];
const OWN = {
  timeseries: [
    "drawStyle", "lineInterpolation", "lineWidth", "fillOpacity", "fillBelowTo", "gradientMode",
    "spanNulls", "showPoints", "pointSize", "stacking", "axisPlacement", "axisColorMode",
    "scaleDistribution", "hideFrom",
  ],
  table: ["align", "cellOptions", "inspect", "filterable", "width", "minWidth", "hidden"],
  stat: [],
};
const DEFAULTS = {
  timeseries: {
    color: { mode: FieldColorModeId.PaletteClassic },
    custom: {
      drawStyle: "line",
      lineInterpolation: "linear",
      showPoints: "auto",
      pointSize: 5,
      spanNulls: false,
      axisPlacement: "auto",
      scaleDistribution: { type: "linear" },
      hideFrom: { viz: false, legend: false, tooltip: false },
    },
  },
  table: {
    color: { mode: FieldColorModeId.Thresholds },
    custom: { align: "auto", cellOptions: { type: "auto" }, inspect: false },
  },
  stat: { color: { mode: FieldColorModeId.Thresholds }, custom: {} },
};
const GREEN = { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: "green" }] };

const property = (path, isCustom) => ({
  id: isCustom ? `custom.${path}` : path,
  path,
  name: path,
  isCustom,
  process: identityOverrideProcessor,
  shouldApply: () => true,
  getItemsCount: () => 0,
});

standardFieldConfigEditorRegistry.setInit(() => STANDARD.map((path) => property(path, false)));

/** Return the frames with what the panel's file says of their fields. */
export function dressed(panel, frames, theme, filled) {
  const { defaults, overrides } = panel.fieldConfig;
  const own = DEFAULTS[panel.type];
  const merged = { thresholds: GREEN, ...own, ...defaults };
  merged.custom = { ...own.custom, ...defaults.custom };
  return applyFieldOverrides({
    data: frames,
    fieldConfig: { defaults: merged, overrides: overrides.map(complete) },
    fieldConfigRegistry: new FieldConfigOptionsRegistry(() => [
      ...STANDARD.map((path) => property(path, false)),
      ...OWN[panel.type].map((path) => property(path, true)),
    ]),
    replaceVariables: filled,
    theme,
    timeZone: "utc",
  });
}

/** A file has null where the lowest threshold begins; Grafana makes it -Infinity as it loads. */
function complete({ matcher, properties }) {
  const fixed = properties.map(({ id, value }) => {
    if (id !== "thresholds") return { id, value };
    const steps = value.steps.map((step) => ({ ...step, value: step.value ?? -Infinity }));
    return { id, value: { ...value, steps } };
  });
  return { matcher, properties: fixed };
}
