import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";
import { digests } from "./digests.js";

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** The digests as a script for a page, bundled from the sources as an application's bundler would. */
async function pageScript(): Promise<string> {
  const result = await build({
    stdin: {
      contents: `import { digests } from "./digests.ts"; globalThis.result = digests();`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
    plugins: [
      {
        name: "package",
        setup: (bundler) =>
          bundler.onResolve({ filter: /^eigenscope\// }, ({ path }) => ({
            path: source(`${path.slice("eigenscope/".length)}/index.ts`),
          })),
      },
    ],
  });
  return result.outputFiles[0]!.text;
}

if (!haveChromium) console.log(chromiumMissing);

test.runIf(haveChromium)("the same seed gives the same bytes in Node and in a browser", async () => {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.addScriptTag({ content: await pageScript() });
    expect(errors).toEqual([]);
    expect(await page.evaluate("globalThis.result")).toEqual(digests());
  } finally {
    await browser.close();
  }
});
