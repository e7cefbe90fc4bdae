import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { analyzeWeights, compareWeights } from "../../src/checkpoints/index.js";
import type { Tensor } from "../../src/formats/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { htmlReport, textReport } from "../../src/report/index.js";
import {
  WEIGHTS_FORMAT,
  evaluateGate,
  gateCondition,
  gateMeasures,
  weightsCsv,
  weightsJson,
  weightsReport,
} from "../../src/studies/index.js";

function tensor(name: string, shape: number[], seed: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { name, dtype: "F32", shape, data: Float32Array.from(normalMatrix(createRng(seed), 1, size).data) };
}

const report = analyzeWeights(
  [tensor("fc.weight", [30, 20], 1), tensor("conv.weight", [9, 3, 3, 3], 2), tensor("fc.bias", [30], 3)],
  { rng: createRng(1), draws: 3, replicates: 9, convolution: { inputSize: 5 } },
);
const provenance = { program: "weights", seed: 1, options: {}, versions: {}, input: "three tensors" };

test("conditions: every relation, spaces, exponents, patterns with colons", () => {
  expect(gateCondition("spectralNorm>10")).toEqual({
    text: "spectralNorm>10",
    pattern: null,
    measure: "spectralNorm",
    relation: ">",
    limit: 10,
  });
  expect(gateCondition(" dense/kernel:0:stableRank <= -1.5e-3 ")).toMatchObject({
    pattern: "dense/kernel:0",
    relation: "<=",
    limit: -0.0015,
  });
  expect(gateCondition("conditionNumber=Infinity").limit).toBe(Infinity);
  expect(gateCondition("rank_loss==0").relation).toBe("=");
  for (const bad of [
    "",
    "spectralNorm",
    "spectralNorm>",
    ">3",
    "spectralNorm>1 2",
    "spectralNorm=>3",
    "a b>3",
    "x>0x10",
  ])
    expect(() => gateCondition(bad), bad).toThrow(/condition must be/);
  expect(() => gateCondition(3 as unknown as string)).toThrow("of the form");
  expect(() => gateCondition("constructor>1")).toThrow("about one of");
});

test("a condition is decided layer by layer; what is undefined counts neither way, nothing decided is not passed", () => {
  const [norm] = report.layers.map((layer) => layer.spectralNorm);
  const judge = (text: string) => evaluateGate([gateCondition(text)], report)[0]!;
  for (const [relation, passed] of [
    [">", true],
    [">=", false],
    ["<", true],
    ["<=", false],
    ["=", false],
    ["!=", true],
  ] as const)
    expect(judge(`fc*:spectralNorm${relation}${String(norm)}`).passed, relation).toBe(passed);
  expect(judge("operatorNorm>1e9")).toMatchObject({
    passed: true,
    decided: 1,
    violations: [],
    undecided: [{ where: "fc.weight", reason: "not a convolution" }],
  });
  expect(judge("fc*:operatorNorm>0")).toMatchObject({ passed: false, decided: 0, violations: [] });
  expect(judge("x*:spectralNorm>0")).toMatchObject({ passed: false, decided: 0, undecided: [] });
  expect(judge("analyzedShare<1")).toMatchObject({ passed: false, violations: [{ where: "whole checkpoint" }] });
  expect(judge("conditionNumber>1e300").passed).toBe(true);
  const zero = analyzeWeights([{ name: "z", dtype: "F64", shape: [2, 2], data: Float64Array.of(1, 0, 0, 0) }]);
  expect(evaluateGate([gateCondition("conditionNumber>1e300")], zero)[0]!.violations[0]!.value).toBe(Infinity);
});

test("numbers of a comparison need one", () => {
  const other = [tensor("fc.weight", [30, 20], 9)];
  const comparison = compareWeights([tensor("fc.weight", [30, 20], 1)], other);
  const condition = gateCondition("relativeChange>0.1", { comparison: true });
  expect(evaluateGate([condition], report, comparison)[0]).toMatchObject({ passed: false, decided: 1 });
  expect(evaluateGate([condition], report)[0]).toMatchObject({ passed: false, decided: 0 });
  expect(() => gateCondition("relativeChange>0.1")).toThrow("only when two checkpoints are compared");
});

test("the documentation lists every name that a condition may use", () => {
  const text = readFileSync(new URL("../../docs/weights.md", import.meta.url), "utf8");
  for (const { name, help } of gateMeasures(true)) {
    expect(help.length, name).toBeGreaterThan(2);
    expect(text, name).toContain(`\`${name}\``);
  }
});

test("JSON and CSV hold the same numbers; text that a spreadsheet would run is quoted", () => {
  const result = { report, comparison: null, gate: evaluateGate([gateCondition("outliers>5")], report) };
  const json = JSON.parse(weightsJson(result, provenance, { weights: 1 })) as {
    format: string;
    layers: { spectralNorm: number; bulk: { value: { support: number[] } } }[];
    wallTimes: object;
  };
  expect(json.format).toBe(WEIGHTS_FORMAT);
  expect(json.layers[0]!.bulk.value.support).toHaveLength(2);
  const lines = weightsCsv(result).split("\r\n");
  const at = lines[0]!.split(",").indexOf("spectralNorm");
  expect(Number(lines[1]!.split(",")[at])).toBe(json.layers[0]!.spectralNorm);
  const evil = analyzeWeights([tensor('=cmd("x"),', [3, 3], 1), tensor("-1", [3, 3], 2)], {});
  const names = weightsCsv({ report: evil }).split("\r\n");
  expect(names[1]!.startsWith(`"'=cmd(""x""),",`)).toBe(true);
});

test("the report: short for the terminal, figures for the page, the layers worth looking at when there are many", () => {
  const result = { report, comparison: null, gate: [] };
  const short = weightsReport(result, provenance, { details: 0 });
  expect(short.sections.map(({ id }) => id)).toEqual(expect.arrayContaining(["layers", "skipped"]));
  expect(short.sections.flatMap((section) => section.figures)).toEqual([]);
  expect(textReport(short)).toContain("fc.weight");
  const full = weightsReport(result, provenance);
  expect(full.sections.filter(({ id }) => id.startsWith("layer-")).map(({ id }) => id)).toEqual(["layer-1", "layer-2"]);
  const page = htmlReport(full);
  expect(page).toContain("95 % Tracy–Widom point");
  expect(page).toContain("Reshaped kernel and convolution");
  expect(
    weightsReport(result, provenance, { details: 1 }).sections.filter(({ id }) => id.startsWith("layer-")),
  ).toHaveLength(1);
});

test("a comparison of equal models says so", () => {
  const model = [tensor("fc.weight", [30, 20], 1)];
  const full = weightsReport({ report, comparison: compareWeights(model, model), gate: [] }, provenance);
  const section = full.sections.find(({ id }) => id === "comparison")!;
  expect(section.text[0]).toBe("All 1 compared matrices are equal.");
  expect(htmlReport(full)).toContain("Compared with the other checkpoint");
});
