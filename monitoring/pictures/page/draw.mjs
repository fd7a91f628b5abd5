// Makes the page out of this folder and Grafana's libraries, and takes pictures of it.
//
//   node draw.mjs FOLDER REQUEST.json…
//
// FOLDER holds the libraries (node_modules) and takes the finished page. Each request tells what
// `main.jsx` reads, and the picture's file: {picture, board, prometheus, scrape, span, variables,
// width}. For each it prints a line of JSON with what is to be read on the picture: the titles of
// panels without data, and by the tables' titles the texts of their rows from the top on.

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const [folder, ...requests] = process.argv.slice(2);
const library = createRequire(path.join(path.resolve(folder), "package.json"));
const MODULES = path.join(path.resolve(folder), "node_modules");
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/** Grafana's libraries as CommonJS: their modules take other modules' defaults as webpack does. */
function aliases() {
  const names = ["data", "schema", "ui"].map((name) => `@grafana/${name}`);
  return Object.fromEntries(
    names.map((name) => [name, path.join(MODULES, name, "dist/cjs/index.cjs")]),
  );
}

async function bundle() {
  await library("esbuild").build({
    entryPoints: [path.join(HERE, "main.jsx")],
    outfile: path.join(folder, "page.js"),
    bundle: true,
    format: "esm",
    jsx: "automatic",
    nodePaths: [MODULES],
    alias: aliases(),
    define: { "process.env.NODE_ENV": '"production"', global: "window" },
    loader: { ".svg": "dataurl", ".woff": "empty", ".woff2": "empty", ".ttf": "empty" },
    logLevel: "error",
  });
}

function serve(wanted) {
  const icons = path.join(MODULES, "@grafana/ui/dist/public");
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/wanted.json") {
      response.end(JSON.stringify(wanted));
      return;
    }
    const file = {
      "/": path.join(HERE, "index.html"),
      "/page.css": path.join(folder, "page.css"),
      "/page.js": path.join(folder, "page.js"),
    }[pathname] ?? path.join(icons, path.normalize(pathname).replace(/^\/(public|build)/, ""));
    const stream = createReadStream(file);
    stream.on("error", () => response.writeHead(404).end());
    response.setHeader("content-type", TYPES[path.extname(file)] ?? "application/octet-stream");
    stream.pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** In the page: tell what is to be read on it. */
function read() {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  return {
    empty: all("[data-empty]").map((panel) => panel.dataset.empty),
    tables: Object.fromEntries(
      all("[data-table]").map((table) => [
        table.dataset.table,
        all("[role=row]", table)
          .map((row) => all("[role=cell]", row).map((cell) => cell.textContent.trim()))
          .filter((cells) => cells.length > 0),
      ]),
    ),
  };
}

async function take(browser, wanted) {
  const server = await serve(wanted);
  const page = await browser.newPage();
  try {
    await page.setViewport({ width: wanted.width + 32, height: 1000 });
    const problems = [];
    page.on("pageerror", (problem) => problems.push(problem.stack ?? String(problem)));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForSelector("body[data-drawn], body[data-failed]");
    const failed = await page.evaluate(() => document.body.dataset.failed);
    if (failed) throw new Error(failed);
    await page.waitForNetworkIdle();
    if (problems.length > 0) throw new Error(problems.join("\n"));
    await page.screenshot({ path: wanted.picture, fullPage: true });
    return await page.evaluate(read);
  } finally {
    await page.close();
    server.close();
  }
}

await bundle();
const browser = await library("puppeteer-core").launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  protocolTimeout: 300_000,
});
try {
  for (const request of requests) {
    const wanted = JSON.parse(await readFile(request, "utf8"));
    console.log(JSON.stringify(await take(browser, wanted)));
  }
} finally {
  await browser.close();
}
