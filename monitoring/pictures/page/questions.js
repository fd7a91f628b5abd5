// What a dashboard asks, sent to Prometheus, and its answers as Grafana's data frames: what
// Grafana's data source for Prometheus does on its server.

import { FieldType, createDataFrame } from "@grafana/data";

/** Asks one Prometheus about one span of time, with the values of a dashboard's variables. */
export class Questions {
  /**
   * @param {string} address of Prometheus, as `http://127.0.0.1:9090`
   * @param {{from: number, to: number, step: number}} span in seconds, from and to since 1970
   * @param {number} scrape seconds between two scrapes
   */
  constructor(address, span, scrape) {
    this.address = address;
    this.span = span;
    this.rate = Math.max(span.step + scrape, 4 * scrape);
    /** @type {Map<string, {text: string, value: string}>} */
    this.variables = new Map();
  }

  /** Put the variables' values into a query, or their texts into a title. */
  filled(text, part = "value") {
    let made = text.replaceAll("$__rate_interval", `${this.rate}s`);
    for (const [name, chosen] of this.variables) {
      made = made.replaceAll(`$${name}`, chosen[part]);
    }
    return made;
  }

  /** Choose each variable's value: that in `wanted`, else all, else the first. */
  async choose(variables, wanted) {
    for (const { name, type, query, includeAll, allValue } of variables) {
      const given = wanted[name];
      if (type === "datasource") {
        this.variables.set(name, { text: "Prometheus", value: "prometheus" });
      } else if (given !== undefined) {
        this.variables.set(name, { text: given, value: given });
      } else if (includeAll) {
        this.variables.set(name, { text: "All", value: allValue });
      } else {
        const [first] = await this.#values(query);
        this.variables.set(name, { text: first, value: first });
      }
    }
  }

  /** Return a panel's answers, a frame for each series or, asked so, a table for each query. */
  async answers(targets) {
    const frames = [];
    for (const target of targets) {
      const series = await (target.instant ? this.#instant(target.expr) : this.range(target.expr));
      if (target.format === "table") {
        frames.push(table(target.refId, series));
      } else {
        frames.push(...series.map((one) => frame(target, one, this.span.step)));
      }
    }
    return frames;
  }

  /** Return the series of an expression over the span: labels, times and values. */
  async range(expression) {
    const { from, to, step } = this.span;
    const found = await this.#ask("query_range", { query: expression, start: from, end: to, step });
    return found.result.map(({ metric, values }) => ({ metric, values }));
  }

  async #instant(expression) {
    const found = await this.#ask("query", { query: expression, time: this.span.to });
    return found.result.map(({ metric, value }) => ({ metric, values: [value] }));
  }

  async #values(query) {
    const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(query);
    const { from, to } = this.span;
    const asked = { "match[]": this.filled(series), start: from, end: to };
    const found = await this.#ask(`label/${label}/values`, asked);
    return found.sort(new Intl.Collator("en", { numeric: true }).compare);
  }

  async #ask(path, asked) {
    const filled = Object.entries(asked).map(([key, value]) => [key, this.filled(String(value))]);
    const answer = await fetch(`${this.address}/api/v1/${path}?${new URLSearchParams(filled)}`);
    const document = await answer.json();
    if (document.status !== "success") {
      throw new Error(`Prometheus refused ${JSON.stringify(asked)}: ${document.error}`);
    }
    return document.data;
  }
}

/** Put the values of labels into a legend or title such as `{{client}}`. */
export function labelled(text, labels) {
  return text.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
}

function frame(target, { metric, values }, step) {
  const { __name__: name, ...labels } = metric;
  const legend = target.legendFormat ? labelled(target.legendFormat, metric) : (name ?? "Value");
  return createDataFrame({
    refId: target.refId,
    name: legend,
    fields: [
      {
        name: "Time",
        type: FieldType.time,
        config: { interval: step * 1000 },
        values: values.map(([time]) => time * 1000),
      },
      {
        name: "Value",
        type: FieldType.number,
        labels,
        config: { displayNameFromDS: legend },
        values: values.map(([, value]) => Number(value)),
      },
    ],
  });
}

function table(letter, series) {
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const column = (name, type, values) => ({ name, type, config: {}, values });
  return createDataFrame({
    refId: letter,
    fields: [
      column("Time", FieldType.time, series.map(({ values }) => values[0][0] * 1000)),
      ...labels.map((label) =>
        column(label, FieldType.string, series.map(({ metric }) => metric[label])),
      ),
      column(`Value #${letter}`, FieldType.number, series.map(({ values }) => Number(values[0][1]))),
    ],
  });
}
