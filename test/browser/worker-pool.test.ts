import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";
import { poolResults } from "./worker-pool-page.js";

if (!haveChromium) console.log(chromiumMissing);

/** Headers of a page that may share memory between threads. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

test.runIf(haveChromium)(
  "a pool in an isolated page shares memory, in another it sends parts; the bits are those of Node",
  async () => {
    const bundle = await build({
      stdin: {
        contents: `import { poolResults } from "./worker-pool-page.ts"; globalThis.poolResults = poolResults;`,
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
        loader: "ts",
      },
      bundle: true,
      write: false,
      format: "iife",
      platform: "browser",
      target: "es2022",
    });
    const text = bundle.outputFiles[0]!.text.replaceAll("</script", "<\\/script");
    const expected = await poolResults();
    for (const name of ["values", "vectors", "product", "gram"]) expect(expected[name]).toBe(expected[`${name}Here`]);
    expect(expected["valuesAlone"]).not.toBe(0);
    expect(expected["closed"]).toContain("a closed pool");
    const browser = await launchChromium();
    try {
      for (const headers of [isolation, {}]) {
        const page = await browser.newPage();
        await page.route("https://pool.test/**", (route) =>
          route.fulfill({ contentType: "text/html", headers, body: `<!doctype html><script>${text}</script>` }),
        );
        await page.goto("https://pool.test/");
        const found = (await page.evaluate("poolResults()")) as typeof expected;
        const shared = headers === isolation;
        expect(found["shared"]).toBe(shared);
        expect(found["phases"]).toBe(shared ? expected["phases"] : "");
        // A page without shared memory heeds the signal between stages: it may be done before.
        expect(found["cancelled"]).toMatch(/an aborted signal|finished before the signal/);
        for (const name of ["cancelled", "phases", "shared"]) delete found[name];
        expect(expected).toMatchObject(found);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  },
  60_000,
);
