import fc from "fast-check";
import { expect, test } from "vitest";
import {
  analyzeCheckpoint,
  analyzeWeights,
  compareCheckpoints,
  compareWeights,
  convolutionSpectrum,
  matchesPattern,
  weightWatcherNotes,
} from "../../src/checkpoints/index.js";
import { type Tensor, writeSafetensors } from "../../src/formats/index.js";
import { svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { classifyPhase } from "../../src/rmt/index.js";
import { within, withinRelative } from "../support/compare.js";

function tensor(name: string, shape: number[], seed = 1, scale = 1): Tensor & { readonly data: Float32Array } {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from(normalMatrix(createRng(seed), 1, size).data, (value) => scale * value);
  return { name, dtype: "F32", shape, data };
}

test("patterns: a star stands for any text, everything else for itself", () => {
  const naive = (name: string, pattern: string): boolean =>
    new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*")}$`,
      "s",
    ).test(name);
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
  fc.assert(fc.property(name, text, (n, p) => matchesPattern(n, p) === naive(n, p)));
  expect(matchesPattern("model.layers.3.fc.weight", "*.layers.*.fc.*")).toBe(true);
  expect(matchesPattern("a+b", "a+b")).toBe(true);
});

test("tied tensors are found in tiles too, packed attention is split there, and both agree with the whole read", async () => {
  const shared = tensor("wte.weight", [60, 24], 1);
  const file = writeSafetensors([
    shared,
    { ...shared, name: "lm_head.weight" },
    tensor("attn.in_proj_weight", [72, 24], 2),
    tensor("h.attn.c_attn.weight", [24, 72], 3),
    tensor("conv.weight", [40, 10, 3, 1], 4),
    tensor("other.weight", [60, 24], 5),
  ]);
  const whole = await analyzeCheckpoint(file);
  const tiled = await analyzeCheckpoint(file, { tileAbove: 500 });
  expect(tiled.layers.map(({ name, part, rows, cols, method }) => [name, part, rows, cols, method])).toEqual(
    whole.layers.map(({ name, part, rows, cols }) => [name, part, rows, cols, "gram"]),
  );
  expect(tiled.layers[0]!.tied).toEqual(["lm_head.weight"]);
  expect(tiled.skipped).toEqual(whole.skipped);
  expect(tiled.summary.parameters).toBe(whole.summary.parameters);
  tiled.layers.forEach((layer, i) => {
    const exact = whole.layers[i]!;
    expect(
      within(layer.singularValues, exact.singularValues, 1e-13 * exact.spectralNorm ** 2).ok,
      `${layer.name} ${layer.part ?? ""}`,
    ).toBe(true);
    expect(layer.phase).toEqual({ defined: false, reason: "no rng was given for the permuted baseline" });
  });
});

test("depthwise kernels in both layouts are one block per channel; statistics of one matrix are undefined for them", () => {
  const torch = tensor("features.depthwise.weight", [6, 1, 3, 3], 7);
  const keras = new Float32Array(54); // [3][3][channel][1]
  for (let c = 0; c < 6; c++) for (let t = 0; t < 9; t++) keras[t * 6 + c] = torch.data[c * 9 + t] as number;
  const options = { rng: createRng(1), convolution: { inputSize: 5 } };
  const [a] = analyzeWeights([torch], options).layers;
  const [b] = analyzeWeights([{ name: "block/depthwise_kernel", dtype: "F32", shape: [3, 3, 6, 1], data: keras }], {
    ...options,
    layout: "in-out",
  }).layers;
  const rowNorms = Array.from({ length: 6 }, (_, c) =>
    Math.hypot(...Array.from(torch.data.slice(c * 9, c * 9 + 9))),
  ).sort((x, y) => y - x);
  for (const layer of [a!, b!]) {
    expect(within(layer.singularValues, rowNorms, 1e-12).ok).toBe(true);
    expect(layer.operatorNorm.defined && layer.operatorNorm.value.groups).toBe(6);
    expect(layer.geometryGuesses).toEqual(["groups 6 (depthwise, from the name)"]);
    expect(layer.warnings.join()).toContain("give the geometry of this layer if that is wrong");
    expect(layer.bulk).toMatchObject({ defined: false, reason: expect.stringContaining("block diagonal in 6 groups") });
    expect(layer.tail.defined || layer.phase.defined || layer.optimalRank.defined).toBe(false);
  }
  const norms = [a!, b!].map((layer) => (layer.operatorNorm.defined ? layer.operatorNorm.value.norm : 0));
  expect(withinRelative(norms[0]!, norms[1]!, 1e-12).ok).toBe(true);
});

test("grouped kernels: values of the blocks, by name patterns, whole and in tiles; the operator is the grouped one", async () => {
  const conv = tensor("g.conv.weight", [8, 3, 3, 3], 8);
  const options = {
    rng: createRng(2),
    convolution: { inputSize: 6 },
    convolutions: { "g.*": { groups: 2, stride: 2 } },
  };
  const [layer] = analyzeWeights([conv], options).layers;
  const blocks = [0, 1].flatMap((g) =>
    Array.from(
      svd({ rows: 4, cols: 27, data: Float64Array.from(conv.data.slice(g * 108, (g + 1) * 108)) }, { vectors: "none" })
        .singularValues,
    ),
  );
  expect(within(layer!.singularValues, Float64Array.from(blocks).sort().reverse(), 1e-12).ok).toBe(true);
  const kernel = {
    outChannels: 8,
    inChannels: 3,
    kernelSize: [3, 3],
    data: Float64Array.from(conv.data),
  };
  const exact = convolutionSpectrum(kernel, { inputSize: 6, groups: 2, stride: 2, rng: createRng(3) });
  expect(layer!.operatorSpectrum.defined && layer!.operatorSpectrum.value.complete).toBe(true);
  expect(
    layer!.operatorSpectrum.defined &&
      within(layer!.operatorSpectrum.value.singularValues, exact.singularValues, 1e-12).ok,
  ).toBe(true);
  const [tiled] = (await analyzeCheckpoint(writeSafetensors([conv]), { ...options, tileAbove: 50 })).layers;
  expect(within(tiled!.singularValues, layer!.singularValues, 1e-12).ok).toBe(true);
  expect(() => analyzeWeights([conv], { convolutions: { "g.*": { groups: 3 } } })).toThrow(
    'analyzeWeights, layer "g.conv.weight": groups must be a divisor of the 8 output channels',
  );
  expect(() => analyzeWeights([conv], { convolutions: { x: { strides: 1 } as object } })).toThrow('option "strides"');
  const noMatch = (tensors: Tensor[]) => (): unknown =>
    analyzeWeights(tensors, { convolutions: { "zz*": { stride: 2 } } });
  expect(noMatch([conv])).toThrow(
    `analyzeWeights: the pattern "zz*" of convolutions must be one that matches the name of a convolution, got the names ${conv.name}; check the spelling`,
  );
  expect(noMatch([{ ...conv, shape: [conv.data.length / 2, 2] }])).toThrow("got a model without convolutions");
  expect(() => analyzeWeights([conv], { only: [] })).toThrow("only must be a non-empty list");
});

test("transposed layers are told by name and shown; budgets that do not suffice are a reason, not a wait", () => {
  const up = tensor("decoder.deconv1.weight", [4, 2, 3, 3], 9);
  const [layer] = analyzeWeights([up], { rng: createRng(1), convolution: { inputSize: 4, stride: 2 } }).layers;
  expect(layer!.operatorNorm).toMatchObject({ value: { transposed: true, outputSize: [8, 8] } });
  expect(layer!.geometryGuesses).toEqual(["transposed (from the name)"]);
  const [poor] = analyzeWeights([up], { rng: createRng(1), operatorBudget: 10 }).layers;
  expect(poor!.operatorNorm).toMatchObject({
    defined: false,
    reason: expect.stringContaining("more than operatorBudget"),
  });
});

test("columns from the permuted copies: rand_distance, ww_softrank, ww_maxdist against a direct computation", () => {
  const planted = tensor("w", [30, 20], 4);
  for (let i = 0; i < 30; i++) for (let j = 0; j < 20; j++) planted.data[i * 20 + j]! += (i % 3) - 1;
  const W = { rows: 30, cols: 20, data: Float64Array.from(planted.data) };
  const rng = createRng(6);
  const { aliases } = analyzeWeights([planted], { rng, draws: 4, replicates: 5 }).layers[0]!;
  const phase = classifyPhase(W, { rng: rng.fork("w/").fork("phase"), draws: 4 }, { replicates: 5 });
  const lambda = svd(W, { vectors: "none" }).singularValues.map((s) => s * s);
  const largest = phase.largest.permuted.reduce((sum, value) => sum + 30 * value, 0) / 4;
  expect(withinRelative(aliases.max_rand_eval!, largest, 1e-12).ok).toBe(true);
  expect(withinRelative(aliases.ww_softrank!, largest / lambda[0]!, 1e-12).ok).toBe(true);
  expect(withinRelative(aliases.ww_maxdist!, lambda[0]! - largest, 1e-10).ok).toBe(true);
  const mean = phase.shareDistances.reduce((a, b) => a + b, 0) / 4;
  expect(withinRelative(aliases.rand_distance!, mean, 1e-12).ok).toBe(true);
  // A permuted copy keeps Σ λ: the shares of the mean copy are those of the draws on average.
  expect(withinRelative(phase.permutedMean.reduce((a, b) => a + b, 0) * 30, aliases.norm, 1e-12).ok).toBe(true);
  expect([aliases.matrix_rank, aliases.rank_loss, aliases.num_evals]).toEqual([20, 0, 20]);
  const noise = analyzeWeights([tensor("w", [30, 20], 5)], { rng, draws: 4, replicates: 5 }).layers[0]!.aliases;
  expect(noise.rand_distance!).toBeLessThan(aliases.rand_distance! / 2);
  expect(Object.keys(weightWatcherNotes).every((key) => key in aliases)).toBe(true);
});

test("large single entries are told from structure: the shuffled copies show them too", () => {
  const trap = tensor("trap.weight", [40, 30], 3, 0.1);
  trap.data[17] = 8;
  const spike = tensor("spike.weight", [40, 30], 3, 0.1);
  for (let i = 0; i < 40; i++)
    for (let j = 0; j < 30; j++) spike.data[i * 30 + j]! += (i % 2 ? 0.2 : -0.2) * (j % 2 ? 1 : -1);
  const report = analyzeWeights([trap, spike], { rng: createRng(1), draws: 3, replicates: 5 });
  expect(report.layers[0]!.warnings.join()).toContain("even with its entries shuffled");
  expect(report.layers[1]!.warnings.join()).not.toContain("shuffled");
  expect(report.layers[1]!.bulk.defined && report.layers[1]!.bulk.value.spikes.length).toBe(1);
});

test("two files compared in tiles give the norms and spectra of the comparison in memory, without angles", async () => {
  const before = [tensor("a.weight", [50, 20], 1), tensor("attn.qkv.weight", [24, 8], 2), tensor("x", [3, 4], 3)];
  const after = [tensor("a.weight", [50, 20], 5), tensor("attn.qkv.weight", [24, 8], 2), tensor("x", [4, 3], 3)];
  const memory = compareWeights(before, after);
  const files = await compareCheckpoints(writeSafetensors(before), writeSafetensors(after));
  expect(files).toEqual(memory);
  const tiled = await compareCheckpoints(writeSafetensors(before), writeSafetensors(after), { tileAbove: 60 });
  expect(tiled.unmatched).toEqual(memory.unmatched);
  tiled.layers.forEach((layer, i) => {
    const exact = memory.layers[i]!;
    expect([layer.name, layer.part, layer.method]).toEqual([exact.name, exact.part, "gram"]);
    expect(Math.abs(layer.frobeniusChange - exact.frobeniusChange)).toBeLessThan(1e-10);
    expect(Math.abs(layer.spectralChange - exact.spectralChange)).toBeLessThan(1e-10);
    expect(Math.abs(layer.spectrumDistance - exact.spectrumDistance)).toBeLessThan(1e-7);
    expect(layer.leftAngles.defined).toBe(false);
  });
  const broken = tensor("a.weight", [50, 20], 1);
  broken.data[3] = Number.POSITIVE_INFINITY;
  expect(() => compareWeights([before[0]!], [broken])).toThrow(
    'compareWeights, second model: tensor "a.weight" must be finite in every entry, got Infinity at index 3',
  );
  const signal = { aborted: false };
  const cut = compareWeights(before, after, { signal, onProgress: () => (signal.aborted = true) });
  expect([cut.status, cut.layers.length]).toEqual(["cancelled", 1]);
});
