import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { htmlReport } from "../../src/report/index.js";
import { sobolevStudy, sobolevStudyReport } from "../../src/studies/index.js";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";
import { MEASURE, type Seen } from "../support/measure-page.js";

if (!haveChromium) console.log(chromiumMissing);

let browser: Browser;
let folder: string;
let address: string;
let figureIds: readonly string[];

beforeAll(async () => {
  if (!haveChromium) return;
  const study = sobolevStudy({ quick: true, rng: createRng(1) });
  const provenance = { program: "study sobolev", seed: 1, options: {}, versions: {}, input: "generated" };
  const report = sobolevStudyReport(study, provenance);
  figureIds = report.sections.flatMap((section) => section.figures.map((figure) => figure.id));
  folder = mkdtempSync(join(tmpdir(), "eigenscope-sobolev-"));
  writeFileSync(join(folder, "study.html"), htmlReport(report));
  address = pathToFileURL(join(folder, "study.html")).href;
  browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  if (!haveChromium) return;
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

test.runIf(haveChromium).each(["light", "dark"] as const)(
  "the Sobolev page: no complaint, no request, every figure visible, no text over another: %s",
  async (colorScheme) => {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1000, height: 900 } });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(address);
    const seen = (await page.evaluate(MEASURE)) as Seen[];
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([address]);
    expect(seen.map((figure) => figure.id)).toEqual(figureIds);
    for (const figure of seen) {
      expect(figure.width, figure.id).toBeGreaterThan(500);
      expect(figure.drawn, figure.id).toBeGreaterThan(4);
      expect(figure.overlaps, figure.id).toEqual([]);
      expect(figure.outside, figure.id).toEqual([]);
      expect(figure.contrast, figure.id).toBeGreaterThanOrEqual(3);
    }
    // Screen readers: every figure is one image with a title and a description; headings and table heads are marked as such.
    const silent = await page.evaluate(
      `[...document.querySelectorAll("svg.es-figure")].filter((svg) => svg.getAttribute("role") !== "img" || !svg.querySelector("title, desc") || document.getElementById(svg.getAttribute("aria-labelledby")?.split(" ")[0] ?? "") === null).map((svg) => svg.id)`,
    );
    expect(silent).toEqual([]);
    expect(await page.evaluate("document.querySelectorAll('th:not([scope])').length")).toBe(0);
    await page.close();
  },
);

test.runIf(haveChromium)("a narrow window scrolls tables, not the page", async () => {
  const page = await browser.newPage({ viewport: { width: 400, height: 900 } });
  await page.goto(address);
  const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(wide).toBeLessThanOrEqual(0);
  await page.close();
});
