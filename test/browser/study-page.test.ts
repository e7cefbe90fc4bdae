import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { htmlReport } from "../../src/report/index.js";
import { spectralStudy, spectralStudyReport } from "../../src/studies/index.js";
import { crowdedFigure, sampleFigures } from "../plot/sample-figures.js";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";
import { MEASURE, type Seen } from "../support/measure-page.js";

if (!haveChromium) console.log(chromiumMissing);

let browser: Browser;
let folder: string;
let address: string;
let figureCount: number;

beforeAll(async () => {
  if (!haveChromium) return;
  const study = spectralStudy({
    hidden: [12, 12],
    steps: 40,
    subset: 64,
    sharpnessSteps: 4,
    probes: 3,
    lanczosSteps: 15,
    torusSize: 12,
    rng: createRng(1),
  });
  const report = spectralStudyReport(study, { seed: 1, input: "generated", versions: {} });
  // Beside the study's own figures one of every kind and one with crowded names.
  const gallery = {
    ...report.sections[0]!,
    id: "gallery",
    title: "Gallery",
    tables: [],
    figures: [...sampleFigures(), crowdedFigure([0.4, 0.41, 0.43, 0.9])].map((figure) => ({
      ...figure,
      id: `sample-${figure.id}`,
    })),
  };
  const page = { ...report, sections: [...report.sections, gallery] };
  figureCount = page.sections.flatMap((section) => section.figures).length;
  folder = mkdtempSync(join(tmpdir(), "eigenscope-page-"));
  writeFileSync(join(folder, "study.html"), htmlReport(page));
  address = pathToFileURL(join(folder, "study.html")).href;
  browser = await launchChromium();
});

afterAll(async () => {
  if (!haveChromium) return;
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(
  colorScheme: "light" | "dark",
  width = 1000,
): Promise<{ readonly page: Page; readonly complaints: string[]; readonly requests: string[] }> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(address);
  return { page, complaints, requests };
}

test.runIf(haveChromium).each(["light", "dark"] as const)(
  "the page opens without a complaint or a request, every figure visible and readable: %s",
  async (scheme) => {
    const { page, complaints, requests } = await open(scheme);
    const seen = (await page.evaluate(MEASURE)) as Seen[];
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([address]);
    expect(seen).toHaveLength(figureCount);
    expect(new Set(seen.map((figure) => figure.id)).size).toBe(figureCount);
    for (const figure of seen) {
      expect(figure.width, figure.id).toBeGreaterThan(500);
      expect(figure.height, figure.id).toBeGreaterThan(200);
      expect(figure.drawn, figure.id).toBeGreaterThan(4);
      expect(figure.overlaps, figure.id).toEqual([]);
      expect(figure.outside, figure.id).toEqual([]);
      expect(figure.contrast, figure.id).toBeGreaterThanOrEqual(3);
    }
    await page.close();
  },
);

test.runIf(haveChromium)("light and dark differ in the paper", async () => {
  const papers: string[] = [];
  for (const scheme of ["light", "dark"] as const) {
    const { page } = await open(scheme);
    papers.push(await page.evaluate("getComputedStyle(document.querySelector('svg.es-figure rect')).fill"));
    await page.close();
  }
  expect(papers).toEqual(["rgb(255, 255, 255)", "rgb(20, 23, 28)"]);
});

test.runIf(haveChromium)("a narrow window scrolls tables, not the page", async () => {
  const { page } = await open("light", 400);
  expect(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")).toBe(
    true,
  );
  await page.close();
});

test.runIf(haveChromium)("the same measure sees texts that overlap and a figure that is hidden", async () => {
  const { page } = await open("light");
  await page.evaluate(`(() => {
    const [first, second] = document.querySelectorAll("svg.es-figure");
    const texts = first.querySelectorAll("text");
    texts[1].setAttribute("x", texts[2].getAttribute("x"));
    texts[1].setAttribute("y", texts[2].getAttribute("y"));
    second.style.display = "none";
  })()`);
  const [first, second] = (await page.evaluate(MEASURE)) as Seen[];
  expect(first!.overlaps).not.toEqual([]);
  expect(second!.width).toBe(0);
  await page.close();
});
