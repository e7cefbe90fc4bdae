import { beforeAll, expect, test } from "vitest";
import { ArgumentError, NonFiniteError, OptionError, ShapeError } from "../../src/core/index.js";
import { mlp, initialize, predict } from "../../src/networks/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { htmlReport } from "../../src/report/index.js";
import { truncateSvd } from "../../src/spectra/index.js";
import { type CompressionStudy, compressionReport, compressionStudy, madeDigits } from "../../src/studies/index.js";
import { applyTruncated, decisions, factoredLayers, forward } from "../../src/studies/compression/truncated-layers.js";

const ROUNDING = 1e-11;
const PROVENANCE = { program: "study compression", seed: 1, options: {}, versions: {}, input: "made digits" } as const;
const OPTIONS = { samples: 300, hidden: [20, 12], steps: 150 } as const;

let study: CompressionStudy;

beforeAll(() => {
  study = compressionStudy({ rng: createRng(1), ...OPTIONS });
});

test("the network learns the made digits, and chance is a tenth", () => {
  expect(study.training!.testAccuracy).toBeGreaterThan(0.8);
  expect(study.chance).toBeCloseTo(0.1, 6);
  expect(study.sizes).toEqual([256, 20, 12, 10]);
  expect(study.samples).toEqual({ train: 300, test: 150 });
});

test("identity: full rank is the network itself, rank 0 loses it, σ_{k+1} falls and energy grows", () => {
  expect(study.passed).toBe(true);
  for (const { ranks, singularValues } of study.layers) {
    expect(ranks).toHaveLength(singularValues.length + 1);
    const last = ranks[ranks.length - 1]!;
    expect(last).toMatchObject({
      accuracy: study.training!.testAccuracy,
      agreement: 1,
      rmsChange: 0,
      spectralError: 0,
    });
    expect(ranks[0]!.accuracy).toBeLessThan(0.5);
    for (let k = 1; k < ranks.length; k++) {
      expect(ranks[k]!.spectralError).toBeLessThanOrEqual(ranks[k - 1]!.spectralError);
      expect(ranks[k]!.energy).toBeGreaterThanOrEqual(ranks[k - 1]!.energy);
      expect(ranks[k]!.spectralError).toBe(singularValues[k] ?? 0);
    }
  }
});

test("every change is within its bounds, and what is proved agrees", () => {
  const rows = [...study.layers.flatMap((layer) => layer.ranks), ...study.joint];
  for (const row of rows) {
    expect(row.tightness).toBeLessThanOrEqual(1);
    expect(row.localTightness).toBeLessThanOrEqual(1 + 1e-9);
    expect(row.largestChange).toBeLessThanOrEqual(row.localBound * (1 + 1e-9) + ROUNDING);
    expect(row.localBound).toBeLessThanOrEqual(row.bound * (1 + 1e-9) + ROUNDING);
    expect(row.certified).toBeLessThanOrEqual(row.certifiedLocally);
    expect(row.certifiedLocally).toBeLessThanOrEqual(row.agreement);
  }
  expect(rows.some((row) => row.certifiedLocally > 0 && row.certifiedLocally < 1)).toBe(true);
});

test("joint rows: full rank is the network; sizes count factors or matrices; stored numbers grow with energy", () => {
  const full = study.joint.find((row) => row.kind === "full")!;
  expect(full).toMatchObject({ parameterShare: 1, accuracy: study.training!.testAccuracy, agreement: 1, bound: 0 });
  const energies = study.joint.filter((row) => row.kind === "energy");
  for (let i = 1; i < energies.length; i++)
    expect(energies[i]!.parameterShare).toBeGreaterThanOrEqual(energies[i - 1]!.parameterShare);
  const [a, b, c] = energies[0]!.ranks as [number, number, number];
  const stored = Math.min(a * 276, 5120) + 20 + Math.min(b * 32, 240) + 12 + Math.min(c * 22, 120) + 10;
  expect(energies[0]!.parameterShare).toBeCloseTo(stored / study.parameterCount, 12);
  for (const { rows, cols, largestUseful } of study.layers) {
    expect(largestUseful * (rows + cols)).toBeLessThan(rows * cols);
    expect((largestUseful + 1) * (rows + cols)).toBeGreaterThanOrEqual(rows * cols);
  }
});

test("naive twin: truncated layers by truncateSvd, outputs by predict", () => {
  const net = mlp({ sizes: [6, 9, 5, 4], activation: "relu", loss: "cross-entropy" });
  const rng = createRng(3);
  const params = initialize(net, "he", rng);
  const X = normalMatrix(rng, 7, 6);
  const layers = factoredLayers(net, params);
  const full = forward(
    layers,
    layers.map((layer) => layer.singularValues.length),
    X,
  ).outputs;
  const direct = predict(net, params, X);
  full.data.forEach((value, e) => expect(Math.abs(value - direct.data[e])).toBeLessThan(ROUNDING));
  const moved = params.slice();
  const ranks = [3, 2, 1];
  net.blocks.forEach((block) => {
    if (block.role !== "weight") return;
    const l = layers.findIndex((layer) => layer.name === block.layer);
    moved.set(truncateSvd(layers[l]!.weights, ranks[l]!).approximation.data, block.offset);
  });
  const truncated = forward(layers, ranks, X).outputs;
  const expected = predict(net, moved, X);
  truncated.data.forEach((value, e) => expect(Math.abs(value - expected.data[e])).toBeLessThan(ROUNDING));
  expect(applyTruncated(layers[0]!, 0, X).data.subarray(0, 9)).toEqual(layers[0]!.bias);
});

test("decisions: the first of the largest, and its margin", () => {
  const { classes, margins } = decisions({ rows: 2, cols: 3, data: Float64Array.of(1, 5, 3, -1, -4, -2) });
  expect([...classes]).toEqual([1, 0]);
  expect([...margins]).toEqual([2, 1]);
});

test("given images: a fifth is held out, or the test images are used; results depend on them alone and the stream", () => {
  const images = madeDigits({ count: 200, size: 10, rng: createRng(2) });
  const held = compressionStudy({ rng: createRng(1), images, hidden: [8], steps: 40 });
  expect(held.samples).toEqual({ train: 160, test: 40 });
  const testImages = madeDigits({ count: 60, size: 10, rng: createRng(4) });
  const given = compressionStudy({ rng: createRng(1), images, testImages, hidden: [8], steps: 40 });
  expect(given.samples).toEqual({ train: 200, test: 60 });
  const again = compressionStudy({ rng: createRng(1), images, testImages, hidden: [8], steps: 40 });
  expect(JSON.stringify(again)).toBe(JSON.stringify(given));
});

test("made digits: classes in turn, pixels in [0, 1], reproducible, and every class its own shape", () => {
  const { images, labels } = madeDigits({ count: 400, rng: createRng(1) });
  expect(images.shape).toEqual([400, 16, 16]);
  expect(Array.from(labels.data as ArrayLike<number>, Number).slice(0, 12)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1,
  ]);
  const pixels = images.data as Float32Array;
  expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(madeDigits({ count: 400, rng: createRng(1) }).images.data).toEqual(pixels);
  // Means over forty images of each class differ from one another more than two halves of one class do.
  const mean = (digit: number, half: number): Float64Array => {
    const sum = new Float64Array(256);
    for (let i = digit + 10 * half; i < 400; i += 20)
      for (let e = 0; e < 256; e++) sum[e]! += pixels[i * 256 + e]! / 20;
    return sum;
  };
  const distance = (a: Float64Array, b: Float64Array): number => Math.hypot(...a.map((value, e) => value - b[e]!));
  for (let a = 0; a < 10; a++) {
    for (let b = 0; b < 10; b++)
      if (a !== b)
        expect(distance(mean(a, 0), mean(b, 1)), `${a} and ${b}`).toBeGreaterThan(
          1.2 * distance(mean(a, 0), mean(a, 1)),
        );
  }
});

test("the report: three parts, figures, no outside address; a broken bound fails it", () => {
  const report = compressionReport(study, PROVENANCE);
  expect(report.status).toBe("complete");
  expect(report.sections.map((section) => section.id)).toEqual(["layers", "together", "bound"]);
  const page = htmlReport(report);
  expect(page.match(/<svg/g)!.length).toBe(4);
  expect(page).not.toMatch(/(src|href)="https?:/);
  expect(compressionReport({ ...study, passed: false }, PROVENANCE).status).toBe("failed");
});

test("a cancelled study keeps what is done", () => {
  const early = compressionStudy({ rng: createRng(1), ...OPTIONS, signal: { aborted: true } });
  expect(early).toMatchObject({ status: "cancelled", training: null, layers: [], joint: [], passed: false });
  let ranking = false;
  const later = compressionStudy({
    rng: createRng(1),
    ...OPTIONS,
    onProgress: ({ phase }) => (ranking ||= phase === "ranks of layer2"),
    signal: {
      get aborted() {
        return ranking;
      },
    },
  });
  expect(later.status).toBe("cancelled");
  expect(later.layers.map((layer) => layer.name)).toEqual(["layer1"]);
  const report = compressionReport(later, PROVENANCE);
  expect(report.status).toBe("cancelled");
  expect(report.sections.map((section) => section.id)).toEqual(["layers", "bound"]);
  expect(compressionReport(early, PROVENANCE).sections).toEqual([]);
});

test("wrong options are refused before any work", () => {
  const rng = createRng(1);
  const images = madeDigits({ count: 60, rng });
  const wrong: readonly (readonly [object, new (...words: never[]) => Error, string])[] = [
    [{}, ArgumentError, "rng must be a stream"],
    [{ rng, hidden: [] }, ArgumentError, "hidden must be a list"],
    [{ rng, samples: 10 }, ArgumentError, "samples must be"],
    [{ rng, steps: 0 }, ArgumentError, "steps must be"],
    [{ rng, testImages: images }, OptionError, "testImages must be given together with images"],
    [{ rng, images, samples: 100 }, OptionError, "samples must be absent where images are given"],
    [
      { rng, images, testImages: madeDigits({ count: 60, size: 12, rng }) },
      ArgumentError,
      "testImages must be images of 256 pixels",
    ],
    [
      { rng, images: { ...images, labels: { shape: [59], data: new Uint8Array(59) } } },
      ShapeError,
      "labels must be one per image",
    ],
    [
      { rng, images: { ...images, images: { shape: [60, 2], data: Array.from({ length: 120 }, () => Number.NaN) } } },
      NonFiniteError,
      "images must be finite",
    ],
    [{ rng, depth: 3 }, OptionError, 'option "depth" must be one of'],
  ];
  for (const [options, type, message] of wrong) {
    expect(() => compressionStudy(options as never)).toThrow(type);
    expect(() => compressionStudy(options as never)).toThrow(message);
  }
  expect(() => madeDigits({ count: 0, rng })).toThrow(ArgumentError);
  expect(() => madeDigits({ count: 1, size: 4, rng })).toThrow("size must be");
});
