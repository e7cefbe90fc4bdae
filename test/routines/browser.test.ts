import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";
import { results } from "./browser-results.js";

if (!haveChromium) console.log(chromiumMissing);

async function script(): Promise<string> {
  const bundle = await build({
    stdin: {
      contents: `import { results } from "./browser-results.ts"; globalThis.results = results;`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
  });
  return bundle.outputFiles[0]!.text;
}

test.runIf(haveChromium)(
  "WebAssembly routines and Blob workers in a browser give the bits of Node; without WebAssembly too",
  async () => {
    const expected = await results(true);
    expect(expected["backend"]).toBe("wasm");
    expect(expected["pool product"]).toBe(expected["product"]);
    const text = await script();
    const browser = await launchChromium();
    try {
      const run = async (policy: string, withWorkers: boolean): Promise<Record<string, string>> => {
        const page = await browser.newPage();
        await page.setContent(
          `<!doctype html><html><head>${policy}<script>${text.replaceAll("</script", "<\\/script")}</script></head></html>`,
        );
        const found = (await page.evaluate(`results(${withWorkers})`)) as Record<string, string>;
        await page.close();
        return found;
      };
      expect(await run("", true)).toEqual(expected);
      // A content security policy without 'wasm-unsafe-eval' refuses the compile: JavaScript, the same bits.
      const strict = `<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">`;
      const { "pool product": _product, "pool eigenvalues": _eigenvalues, ...plain } = expected;
      expect(await run(strict, false)).toEqual({ ...plain, backend: "js" });
    } finally {
      await browser.close();
    }
  },
);
