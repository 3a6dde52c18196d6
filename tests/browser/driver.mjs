// Looks at pages in a browser: a request a line on the standard input, an answer a line on the standard output.
//
// node driver.mjs NODE_MODULES BROWSER
//
// {"url", "width", "height", "scheme", "script"} opens the page anew and runs `script`, the body of an
// async function of `page` (Playwright's) and `axe`, which gives what axe-core finds there. The answer has its `value`, or
// the `error`; what the page `said` on its console; and what it `asked` for beside itself.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, executablePath] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { chromium } = require("playwright-core");
const judge = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const AsyncFunction = (async () => {}).constructor;

// The pages are this project's own, and root's browser has no sandbox.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--in-process-gpu"] });
// One window for all: no page stores anything, and a new one takes longer than most of what is looked at.
const page = await browser.newPage({ reducedMotion: "reduce" });
page.setDefaultTimeout(10000);
let said = [];
let asked = [];
let own = "";
page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => said.push(`error: ${error.message}`));
page.on("request", (request) => request.url().split("#")[0] === own || asked.push(request.url()));
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
await browser.close();

async function answer({ url, width, height, scheme, script }) {
  try {
    own = "about:blank";
    await page.goto(own);
    [said, asked, own] = [[], [], url.split("#")[0]];
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(url);
    const value = await new AsyncFunction("page", "axe", script)(page, findings);
    return { value: value ?? null, said, asked };
  } catch (error) {
    return { error: String(error), said, asked };
  }
}

// What axe-core finds, each as a line: how bad, which rule, where.
async function findings() {
  await page.evaluate(judge);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"], preload: false }));
  return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${impact} ${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}
