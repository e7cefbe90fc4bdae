// A wrong call is told as one of ours: no function answers a missing or strange first argument with a TypeError.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { EigenscopeError, fromRows } from "../../src/core/index.js";
import { mlp } from "../../src/networks/index.js";
import { fromMatrix } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";

/** Studies and claims begin with work, the command reads words, and the routines are loops on (array, offset, stride). */
const APART = new Set(["studies", "cli", "routines"]);

/**
 * Loops and predicates that work on records of ours thousands of times a second, and parts for writing methods: their
 * types are their check.
 */
const UNCHECKED = new Set([
  "core.axpy", "core.dot", "core.norm", "core.scaleVector", "core.isCancelled", "core.requireOneOf", "core.requireOptions",
  "formats.sizeOfShape", "checkpoints.matchesPattern", "report.visibleText", "kernels.angleBetween", "domains.zonalSum",
  "kernels.requireUnitRows", "networks.chainBackward", "networks.chainForward", "networks.chainTangents", "networks.usesOf",
  "special.mapRule", "special.hasJump", "sensing.oddExtension",
  "operators.applyTransposeOf", "operators.hasTranspose", "operators.isSymmetric",
  "krylov.drive", "krylov.driveAsync", "krylov.multiply", "krylov.multiplyBlock", "krylov.multiplyTransposed",
]); // prettier-ignore

/** First arguments: none of them right, and then right ones of which some functions need more. */
const STRANGE: readonly unknown[] = [undefined, null, 3, Number.NaN, "x", {}, [], () => 1];
const A = fromRows([
  [2, 1, 0],
  [1, 3, 1],
  [0, 1, 4],
]);
const RIGHT: readonly unknown[] = [
  A,
  fromMatrix(A, { symmetric: true }),
  mlp({ sizes: [2, 3, 2] }),
  A.data,
  createRng(1),
];

type Call = (...args: unknown[]) => unknown;

const folders = readdirSync(new URL("../../src/", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !APART.has(entry.name))
  .map((entry) => entry.name);

test.each(folders)("%s: wrong and missing arguments are refused in words", async (folder) => {
  const module = (await import(`../../src/${folder}/index.ts`)) as Record<string, unknown>;
  const raw: string[] = [];
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== "function" || /^class\b/.test(Function.prototype.toString.call(value))) continue;
    if (UNCHECKED.has(`${folder}.${name}`)) continue;
    for (const args of [[], ...[...STRANGE, ...RIGHT].map((first) => [first])]) {
      try {
        await (value as Call)(...args);
      } catch (error) {
        if (error instanceof EigenscopeError) continue;
        raw.push(`${folder}.${name}(${args.map(String).join()}): ${String(error)}`);
      }
    }
  }
  expect(raw).toEqual([]);
});
