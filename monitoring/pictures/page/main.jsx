// Draws one dashboard's file as Grafana would show it, and says in `document.body.dataset.drawn`
// when it is complete, or in `dataset.failed` why it cannot be.

import { createTheme, dateTime } from "@grafana/data";
import { GlobalStyles, Icon, PanelChrome, ThemeContext } from "@grafana/ui";
import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";

import { marks } from "./annotations.js";
import { Inside, prepared } from "./panels.jsx";
import { Questions } from "./questions.js";

// Grafana's grid.
const COLUMNS = 24;
const CELL = 30;
const GAP = 8;

const theme = createTheme({ colors: { mode: "dark" } });

function place({ x, y, w, h }, width) {
  const column = (width + GAP) / COLUMNS;
  return {
    position: "absolute",
    left: x * column,
    top: y * (CELL + GAP),
    width: w * column - GAP,
    height: h * (CELL + GAP) - GAP,
  };
}

function Choice({ label, value }) {
  const box = { padding: "4px 10px", border: `1px solid ${theme.colors.border.medium}` };
  return (
    <span style={{ display: "inline-flex", fontSize: 13 }}>
      <span style={{ ...box, background: theme.colors.background.secondary }}>{label}</span>
      <span style={{ ...box, borderLeft: 0, color: theme.colors.text.primary }}>{value}</span>
    </span>
  );
}

function Top({ board, questions }) {
  return (
    <header style={{ display: "flex", gap: 12, alignItems: "center", height: 48 }}>
      <strong style={{ fontSize: 18, marginRight: 8 }}>{board.title}</strong>
      {board.templating.list.map(({ name, label }) => (
        <Choice key={name} label={label} value={questions.variables.get(name).text} />
      ))}
      <span style={{ flexGrow: 1 }} />
      {board.annotations.list.map(({ name, iconColor }) => (
        <span key={name} style={{ fontSize: 13 }}>
          <span style={{ color: theme.visualization.getColorByName(iconColor) }}>▲</span> {name}
        </span>
      ))}
    </header>
  );
}

function Row({ panel, title, style }) {
  const inside = panel.panels.length;
  return (
    <div style={{ ...style, display: "flex", alignItems: "center", gap: 8, fontSize: 16 }}>
      <Icon name={panel.collapsed ? "angle-right" : "angle-down"} />
      {title}
      {panel.collapsed && (
        <span style={{ color: theme.colors.text.secondary, fontSize: 12 }}>({inside} panels)</span>
      )}
    </div>
  );
}

function Board({ board, panels, questions, span, found, width }) {
  const bottom = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  return (
    <div style={{ padding: 16, width: width + 32 }}>
      <Top board={board} questions={questions} />
      <main style={{ position: "relative", height: bottom * (CELL + GAP) }}>
        {panels.map(({ panel, frames }, number) => {
          const style = place(panel.gridPos, width);
          const title = questions.filled(panel.title, "text");
          if (panel.type === "row") return <Row key={number} {...{ panel, title, style }} />;
          return (
            <div
              key={number}
              style={style}
              data-table={panel.type === "table" ? panel.title : undefined}
            >
              <PanelChrome
                title={title}
                width={style.width}
                height={style.height}
                padding={panel.type === "table" ? "none" : "md"}
              >
                {(innerWidth, innerHeight) => (
                  <Inside
                    {...{ panel, frames, span, theme }}
                    marks={found}
                    width={innerWidth}
                    height={innerHeight}
                  />
                )}
              </PanelChrome>
            </div>
          );
        })}
      </main>
    </div>
  );
}

async function draw() {
  const wanted = await (await fetch("/wanted.json")).json();
  const { board, prometheus, scrape, variables, width } = wanted;
  const questions = new Questions(prometheus, wanted.span, scrape);
  await questions.choose(board.templating.list, variables);
  const [from, to] = [wanted.span.from, wanted.span.to].map((at) => dateTime(at * 1000));
  const span = { from, to, raw: { from, to } };
  const found = await marks(board.annotations.list, questions);
  const panels = [];
  for (const panel of board.panels) {
    const frames = panel.type === "row" ? [] : await prepared(panel, questions, theme);
    panels.push({ panel, frames });
  }
  createRoot(document.getElementById("board")).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Board {...{ board, panels, questions, span, found, width }} />
    </ThemeContext.Provider>,
  );
}

draw().then(
  () => {
    document.body.dataset.drawn = "yes";
  },
  (problem) => {
    document.body.dataset.failed = problem.stack ?? String(problem);
  },
);
