import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { chromiumMissing, haveChromium, launchChromium } from "../support/chromium.js";

if (!haveChromium) console.log(chromiumMissing);

/** What runs in the page: calls of a pool against the plain functions. */
const PROGRAM = `
import { createRng, normalMatrix } from "../../src/random/index.ts";
import { eigh, gram, matmul, workerPool } from "../../src/linalg/index.ts";
import { routinesBackend } from "../../src/routines/index.ts";

const equal = (a, b) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
globalThis.check = async () => {
  // Addresses of blobs that this page has made.
  let addresses = 0;
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => (addresses++, create.call(URL, blob));
  const A = gram(normalMatrix(createRng(1), 130, 60));
  const found = { isolated: globalThis.crossOriginIsolated === true, backend: routinesBackend() };
  const pools = [workerPool({ workers: 2 }), workerPool({ workers: 1 })];
  try {
    for (const pool of pools) {
      found.matmul = equal((await pool.matmul(A, A)).data, matmul(A, A).data);
      found.gram = equal((await pool.gram(A)).data, gram(A).data);
      found.eigh = equal((await pool.eigh(A)).vectors.data, eigh(A).vectors.data);
      const stopped = await pool.eigh(A, { onProgress: () => { throw new Error("stop"); } }).catch((error) => error.message);
      found.stopped = stopped === "stop"; // without shared memory no progress is told
      found.again = equal((await pool.eigh(A)).values, eigh(A).values);
    }
  } catch (error) {
    found.error = error.message;
  }
  await Promise.all(pools.map((pool) => pool.close()));
  found.addresses = addresses;
  return found;
};`;

async function script(): Promise<string> {
  const resolveDir = fileURLToPath(new URL(".", import.meta.url));
  const stdin = { contents: PROGRAM, resolveDir, loader: "ts" } as const;
  const options = { bundle: true, write: false, format: "iife", platform: "browser", target: "es2022" } as const;
  return (await build({ stdin, ...options })).outputFiles[0]!.text;
}

test.runIf(haveChromium)(
  "pools in Chromium: cross-origin isolated or not, without WebAssembly, and where workers from blobs are forbidden",
  async () => {
    const text = await script();
    const browser = await launchChromium();
    try {
      const run = async (headers: Record<string, string>): Promise<Record<string, unknown>> => {
        const page = await browser.newPage();
        const contentType = "text/html";
        await page.route("http://localhost/*", (route) =>
          route.request().url().endsWith(".js")
            ? route.fulfill({ contentType: "text/javascript", headers, body: text })
            : route.fulfill({ contentType, headers, body: '<!doctype html><script src="/pool.js"></script>' }),
        );
        await page.goto("http://localhost/page");
        const found = (await page.evaluate("check()")) as Record<string, unknown>;
        await page.close();
        return found;
      };
      const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
      const right = { matmul: true, gram: true, eigh: true, again: true };
      expect(await run(isolation)).toEqual({ ...right, isolated: true, backend: "wasm", stopped: true, addresses: 1 });
      const apart = await run({});
      expect(apart).toEqual({ ...right, isolated: false, backend: "wasm", stopped: false, addresses: 1 });
      const policy = (rules: string): Record<string, string> => ({ ...isolation, "Content-Security-Policy": rules });
      expect(await run(policy("script-src 'self'; worker-src blob:"))).toMatchObject({ ...right, backend: "js" });
      expect(await run(policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"))).toMatchObject({
        backend: "wasm",
        error:
          "workerPool: the worker of a call must be alive until the call is done, got a script that was refused; " +
          "let the content security policy allow workers from blob: (worker-src)",
      });
    } finally {
      await browser.close();
    }
  },
);
