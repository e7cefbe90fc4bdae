import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const path = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Whether a browser can be started; CI must have one, so there it counts as present and its absence fails the test. */
export const haveChromium: boolean = existsSync(path) || process.env["CI"] !== undefined;

/** One line for skipped tests. */
export const chromiumMissing: string = `browser tests left out: no Chromium at ${path} (set CHROMIUM_PATH)`;

/** Starts headless Chromium without any of its own traffic. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
