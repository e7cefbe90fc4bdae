import { expect, test } from "vitest";
import { analyzeCheckpoint, analyzeWeights, compareWeights } from "../../src/checkpoints/index.js";
import type { Tagged } from "../../src/core/index.js";
import { type Tensor, openSafetensors, readSafetensors, writeSafetensors } from "../../src/formats/index.js";
import { svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { withinRelative } from "../support/compare.js";
import { fixture, sharedData, sharedMissing } from "../support/shared.js";

const angles = (tagged: Tagged<Float64Array>): Float64Array => (tagged.defined ? tagged.value : new Float64Array(0));

/** A float32 tensor of standard normals. */
function tensor(name: string, shape: number[], seed = 1): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { name, dtype: "F32", shape, data: Float32Array.from(normalMatrix(createRng(seed), 1, size).data) };
}

test("dense layers, embeddings, convolutions and vectors, each as what it is", () => {
  const report = analyzeWeights([
    tensor("model.embed_tokens.weight", [50, 8], 1),
    tensor("fc.weight", [6, 4], 2),
    tensor("conv.weight", [5, 3, 3, 3], 3),
    tensor("fc.bias", [6], 4),
    { name: "steps", dtype: "I64", shape: [], data: BigInt64Array.of(7n) },
  ]);
  expect(report.layers.map(({ kind, rows, cols }) => [kind, rows, cols])).toEqual([
    ["embedding", 50, 8],
    ["dense", 6, 4],
    ["convolution", 5, 27],
  ]);
  expect(report.skipped.map(({ name, reason }) => [name, reason])).toEqual([
    ["fc.bias", "a vector (bias, normalisation or slope)"],
    ["steps", "elements of type I64 are not weights"],
  ]);
  const shares = report.skipped.reduce((sum, { share }) => sum + share, report.summary.analyzedShare);
  expect(Math.abs(shares - 1)).toBeLessThan(1e-12);
  expect(report.summary.parameters).toBe(400 + 24 + 135 + 6 + 1);
  expect(report.layers[0]!.phase).toEqual({ defined: false, reason: "no rng was given for the permuted baseline" });
});

test("the reshaped kernel is the same matrix in both layouts", () => {
  const out = tensor("conv.weight", [4, 3, 2, 2], 5);
  const moved = new Float32Array(48); // [2][2][in][out]
  for (let o = 0; o < 4; o++)
    for (let i = 0; i < 3; i++)
      for (let t = 0; t < 4; t++) moved[(t * 3 + i) * 4 + o] = out.data[(o * 3 + i) * 4 + t] as number;
  const a = analyzeWeights([out], { layout: "out-in" }).layers[0]!;
  const b = analyzeWeights([{ name: "conv/kernel", dtype: "F32", shape: [2, 2, 3, 4], data: moved }]);
  expect(b.summary.layout).toMatchObject({ layout: "in-out", from: "guessed" });
  expect(b.layers[0]!.singularValues).toEqual(a.singularValues);
});

test("tied tensors are counted once, and packed attention is split into three", () => {
  const wte = tensor("wte.weight", [20, 6], 7);
  const report = analyzeWeights([
    wte,
    { ...wte, name: "lm_head.weight" },
    tensor("attn.in_proj_weight", [18, 6], 8),
    tensor("h.0.attn.c_attn.weight", [6, 18], 9),
  ]);
  expect(report.layers[0]!.tied).toEqual(["lm_head.weight"]);
  expect(report.skipped[0]).toMatchObject({
    name: "lm_head.weight",
    reason: "identical to wte.weight: counted once",
    parameters: 0,
  });
  expect(report.layers.slice(1).map(({ part, rows, cols }) => [part, rows, cols])).toEqual([
    ["query", 6, 6],
    ["key", 6, 6],
    ["value", 6, 6],
    ["query", 6, 6],
    ["key", 6, 6],
    ["value", 6, 6],
  ]);
});

test("WeightWatcher's columns on the reference spectra", () => {
  const { powerlaw } = fixture<{
    powerlaw: Record<string, { data: number[]; fit: { alpha: number }; metrics: Record<string, number> }>;
  }>("rmt/reference.json");
  for (const [name, { data, fit, metrics }] of Object.entries(powerlaw)) {
    // A diagonal weight whose squared singular values are the data.
    const n = data.length;
    const entries = new Float64Array(n * n);
    data.forEach((value, i) => (entries[i * n + i] = Math.sqrt(value)));
    const { aliases } = analyzeWeights([{ name: "w", dtype: "F64", shape: [n, n], data: entries }]).layers[0]!;
    expect(withinRelative(aliases.alpha!, fit.alpha, 1e-9).ok, name).toBe(true);
    for (const key of ["alpha_weighted", "log_alpha_norm", "log_norm", "log_spectral_norm", "stable_rank"] as const) {
      expect(withinRelative(aliases[key]!, metrics[key]!, 1e-9).ok, `${name} ${key}`).toBe(true);
    }
  }
});

test("with a stream: p-values, phases and operator norms, the same for the same seed and in any order", () => {
  const layers = [tensor("a.weight", [40, 30], 1), tensor("c.weight", [4, 2, 3, 3], 2)];
  const run = (list: Tensor[]) =>
    analyzeWeights(list, { rng: createRng(3), replicates: 19, draws: 5, convolution: { inputSize: 5 } }).layers;
  const [dense, conv] = run(layers);
  expect(dense!.phase.defined && dense!.phase.value.phase).toBe("random-like");
  expect(dense!.tail.defined && dense!.tail.value.goodness.defined).toBe(true);
  expect(conv!.operatorNorm.defined && conv!.operatorNorm.value.status).toBe("converged");
  const turned = run([...layers].reverse());
  expect(JSON.stringify(turned[1])).toBe(JSON.stringify(dense));
});

test("a NaN weight refuses the whole report; nothing to analyse is an error with reasons", async () => {
  const bad = tensor("w", [3, 3]);
  (bad.data as Float32Array)[4] = Number.NaN;
  expect(() => analyzeWeights([tensor("ok", [3, 3]), bad])).toThrow(
    'analyzeWeights: tensor "w" must be finite in every entry, got NaN at index 4',
  );
  await expect(analyzeCheckpoint(writeSafetensors([tensor("ok", [3, 3]), bad]))).rejects.toThrow("NaN at index 4");
  // A bias is skipped, and yet a model with such a bias is broken.
  const bias: Tensor = { name: "w.bias", dtype: "F32", shape: [3], data: Float32Array.of(0, -Infinity, 1) };
  expect(() => analyzeWeights([tensor("ok", [3, 3]), bias])).toThrow(
    'tensor "w.bias" must be finite in every entry, got -Infinity at index 1',
  );
  const file = writeSafetensors([tensor("ok", [3, 3]), bias]);
  await expect(analyzeCheckpoint(file)).rejects.toThrow("got -Infinity at index 1");
  expect((await analyzeCheckpoint(file, { only: ["ok"] })).layers).toHaveLength(1);
  expect(() => analyzeWeights([tensor("b", [3])])).toThrow(
    "got 1 tensors, none of them: b (a vector (bias, normalisation or slope))",
  );
  expect(() => analyzeWeights([])).toThrow("got no tensors");
  expect(() => analyzeWeights([], { layouts: "auto" } as object)).toThrow('option "layouts"');
});

test("zero, rank-deficient and huge weights are reported in words", () => {
  const rank1 = Float64Array.from({ length: 36 }, (_, e) => (1 + Math.floor(e / 6)) * (1 + (e % 6)) * 1e155);
  const report = analyzeWeights([
    { name: "zero", dtype: "F64", shape: [6, 6], data: new Float64Array(36) },
    { name: "rank1", dtype: "F64", shape: [6, 6], data: rank1 },
  ]);
  expect(report.layers[0]!.warnings).toEqual([
    "all weights are zero: the layer passes nothing on; check that it was trained and saved",
  ]);
  expect(report.layers[0]!.stableRank).toEqual({ defined: false, reason: "zero matrix" });
  expect(report.layers[1]!.numericalRank).toBe(1);
  expect(report.layers[1]!.warnings[0]).toBe(
    "rank 1 of 6: some directions are dead; the layer can be factored without loss",
  );
});

test("a checkpoint in tiles: the same large singular values, small ones flagged, and a bounded read", async () => {
  for (const shape of [
    [90, 40],
    [40, 90],
  ]) {
    const bytes = writeSafetensors([tensor("big.weight", shape, 4)]);
    const archive = await openSafetensors(bytes);
    const reads: number[] = [];
    const watched = {
      ...archive,
      read: (name: string, range = {}) => archive.read(name, range).then((t) => (reads.push(t.data.length), t)),
    };
    const tiled = (await analyzeCheckpoint(watched, { tileAbove: 1000 })).layers[0]!;
    const whole = (await analyzeCheckpoint(bytes)).layers[0]!;
    expect(Math.max(...reads)).toBeLessThanOrEqual(250);
    expect(tiled.method).toBe("gram");
    tiled.singularValues.forEach((value, i) => {
      // The Gram matrix has an absolute error of n ε s_1², divided by 2 s when the root is taken.
      expect(Math.abs(value - whole.singularValues[i]!)).toBeLessThan(1e-13 * whole.spectralNorm ** 2);
    });
    expect(tiled.reliableAbove).toBeGreaterThan(1e-8 * tiled.spectralNorm);
    expect(tiled.warnings.join()).toContain("come from a Gram matrix and are noise");
  }
});

test("cancelling returns the layers done so far", () => {
  const signal = { aborted: false };
  const report = analyzeWeights([tensor("a", [4, 4]), tensor("b", [4, 4], 2)], {
    signal,
    onProgress: () => (signal.aborted = true),
  });
  expect([report.summary.status, report.layers.length]).toEqual(["cancelled", 1]);
});

test("comparison: planted rank-one change, angles, and what does not match", () => {
  const before = tensor("w", [30, 20], 3);
  const after = { ...before, data: (before.data as Float32Array).slice() };
  for (let i = 0; i < 30; i++) for (let j = 0; j < 20; j++) after.data[i * 20 + j]! += 1;
  const result = compareWeights([before, tensor("only", [2, 2])], [after, tensor("new", [2, 2])], { subspace: 3 });
  const [layer] = result.layers;
  expect(withinRelative(layer!.spectralChange, Math.sqrt(600), 1e-6).ok).toBe(true);
  expect(withinRelative(layer!.changeStableRank, 1, 1e-5).ok).toBe(true);
  expect(layer!.spectrumDistance).toBeLessThanOrEqual(layer!.frobeniusChange / Math.sqrt(20) + 1e-9);
  expect(angles(layer!.leftAngles)[0]).toBeGreaterThanOrEqual(0);
  expect(result.unmatched).toEqual([
    { name: "only", reason: "only in the first model" },
    { name: "new", reason: "only in the second model" },
  ]);
  const same = compareWeights([before], [before]).layers[0]!;
  expect(Math.max(...angles(same.leftAngles), ...angles(same.rightAngles))).toBeLessThan(1e-12); // from sines: no sqrt(ε) floor
  expect([same.relativeChange, same.changeStableRank]).toEqual([0, 0]);
});

test("a rotation by a known angle is found in the principal angles", () => {
  const angle = 1e-5;
  const a = Float64Array.of(3, 0, 0, 1);
  const b = Float64Array.of(3 * Math.cos(angle), -Math.sin(angle), 3 * Math.sin(angle), Math.cos(angle));
  const make = (data: Float64Array): Tensor[] => [{ name: "w", dtype: "F64", shape: [2, 2], data }];
  expect(
    withinRelative(angles(compareWeights(make(a), make(b), { subspace: 1 }).layers[0]!.leftAngles)[0]!, angle, 1e-9).ok,
  ).toBe(true);
});

test("a real checkpoint: every layer, its spectral norm checked against an SVD", async (context) => {
  const path = sharedData("mtcnn.safetensors");
  if (path === null) return context.skip(sharedMissing);
  const report = await analyzeCheckpoint(path);
  expect(report.summary).toMatchObject({ layers: 19, parameters: 495850, status: "converged" });
  expect(report.summary.layout.layout).toBe("in-out");
  const tensors = await readSafetensors(path);
  const fc1 = tensors["rnet/fc1/weights"]!;
  const exact = svd(
    { rows: fc1.shape[0]!, cols: fc1.shape[1]!, data: Float64Array.from(fc1.data as Float32Array) },
    { vectors: "none" },
  );
  const row = report.layers.find(({ name }) => name === "rnet/fc1/weights")!;
  expect(withinRelative(row.spectralNorm, exact.singularValues[0]!, 1e-12).ok).toBe(true);
});
