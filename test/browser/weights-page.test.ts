import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyzeWeights } from "../../src/checkpoints/index.js";
import { type Tensor, writeSafetensors } from "../../src/formats/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";
import type {} from "../../docs/examples/weights-page.js";

if (!haveChromium) console.log(chromiumMissing);

let browser: Browser;
let folder: string;
let address: string;

beforeAll(async () => {
  if (!haveChromium) return;
  folder = mkdtempSync(join(tmpdir(), "eigenscope-drop-"));
  const script = fileURLToPath(new URL("../../scripts/build-weights-page.mjs", import.meta.url));
  const file = join(folder, "weights.html");
  execFileSync(process.execPath, [script, file]);
  address = pathToFileURL(file).href;
  browser = await launchChromium();
});

afterAll(async () => {
  if (!haveChromium) return;
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

const tensors: readonly Tensor[] = [
  {
    name: "fc.weight",
    dtype: "F32",
    shape: [24, 16],
    data: Float32Array.from(normalMatrix(createRng(1), 24, 16).data),
  },
  {
    name: "conv.weight",
    dtype: "F32",
    shape: [4, 3, 3, 3],
    data: Float32Array.from(normalMatrix(createRng(2), 4, 27).data),
  },
  { name: "fc.bias", dtype: "F32", shape: [24], data: new Float32Array(24) },
];

interface Opened {
  readonly page: Page;
  readonly requests: string[];
  readonly complaints: string[];
}

async function open(): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(address);
  return { page, requests, complaints };
}

/** Drops files on the page as a hand would: a drop event that carries them. */
async function drop(page: Page, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const list = Object.entries(files).map(([name, bytes]) => ({ name, bytes: Array.from(bytes) }));
  await page.evaluate((given) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of given) transfer.items.add(new File([Uint8Array.from(bytes)], name));
    document
      .getElementById("drop")!
      .dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, list);
}

const abroad = (requests: readonly string[]): string[] =>
  requests.filter((url) => url !== address && !/^(blob|data|about):/.test(url));

test.runIf(haveChromium)(
  "a checkpoint dropped into the page becomes a table, and nothing leaves the page",
  async () => {
    const { page, requests, complaints } = await open();
    await drop(page, { "model.safetensors": writeSafetensors(tensors) });
    await page.waitForFunction(() => document.getElementById("status")!.textContent!.startsWith("Done"));
    const frame = page.frameLocator("#report");
    await frame.locator("h1").waitFor();
    expect(await frame.locator("h1").textContent()).toBe("Weights of a checkpoint");
    const rows = await frame.locator("#layers table").first().locator("tbody tr").allInnerTexts();
    expect(rows.map((row) => row.split("\t").slice(0, 2))).toEqual([
      ["fc.weight", "dense"],
      ["conv.weight", "convolution"],
    ]);
    const exact = analyzeWeights(tensors).layers[0]!.spectralNorm;
    expect(Math.abs(Number(rows[0]!.split("\t")[3]) - exact)).toBeLessThan(1e-3); // the table shows four digits
    expect(await frame.locator("svg.es-figure").count()).toBe(2);
    expect(await frame.locator("#skipped").innerText()).toContain("a vector (bias");
    expect(await page.locator("#links a").allInnerTexts()).toEqual(["weights.html", "weights.json", "weights.csv"]);
    expect(abroad(requests)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  },
  60_000,
);

test.runIf(haveChromium)(
  "the policy that keeps everything here is in force: a connection is refused",
  async () => {
    const { page, requests, complaints } = await open();
    const outcome = await page.evaluate(() =>
      fetch("https://example.invalid/", { method: "POST", body: "weights" }).then(
        () => "sent",
        () => "refused",
      ),
    );
    expect(outcome).toBe("refused");
    expect(complaints.join()).toMatch(/content security policy/i);
    expect(abroad(requests)).toEqual([]);
    await page.close();
  },
  60_000,
);

test.runIf(haveChromium)(
  "two shards at once, and a damaged file is a message without a table",
  async () => {
    const { page } = await open();
    await drop(page, {
      "m-1.safetensors": writeSafetensors(tensors.slice(0, 1)),
      "m-2.safetensors": writeSafetensors(tensors.slice(1)),
      "m.safetensors.index.json": new TextEncoder().encode("{}"),
    });
    await page.waitForFunction(() => document.getElementById("status")!.textContent!.startsWith("Done"));
    const frame = page.frameLocator("#report");
    await frame.locator("h1").waitFor();
    expect(await frame.locator("#layers table").first().locator("tbody tr").count()).toBe(2);
    await drop(page, { "cut.safetensors": writeSafetensors(tensors).subarray(0, 300) });
    await page.waitForFunction(() => document.getElementById("status")!.classList.contains("error"));
    expect(await page.locator("#status").innerText()).toContain("the file is truncated");
    expect(await page.locator("#report").isVisible()).toBe(false);
    expect(await page.locator("#links a").count()).toBe(0);
    await page.close();
  },
  60_000,
);
