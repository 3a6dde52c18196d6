// Looks at pages in a browser: a request a line on the standard input, an answer a line on the standard output.
//
// node driver.mjs NODE_MODULES BROWSER
//
// {"url", "width", "height", "scheme", "script"} opens the page in a window of its own and runs `script`, the body of an
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
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
await browser.close();

async function answer({ url, width, height, scheme, script }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  const said = [];
  const asked = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("request", (request) => request.url().split("#")[0] === url.split("#")[0] || asked.push(request.url()));
  try {
    await page.goto(url);
    const value = await new AsyncFunction("page", "axe", script)(page, () => findings(page));
    return { value: value ?? null, said, asked };
  } catch (error) {
    return { error: String(error), said, asked };
  } finally {
    await context.close();
  }
}

// What axe-core finds, each as a line: how bad, which rule, where.
async function findings(page) {
  await page.evaluate(judge);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${impact} ${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}
