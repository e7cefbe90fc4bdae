import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readIdxSync } from "../../src/formats/index.js";
import { mlp } from "../../src/networks/index.js";
import { createRng } from "../../src/random/index.js";
import { adam, cosineSchedule, train } from "../../src/training/index.js";
import { sharedData, sharedMissing } from "../support/shared.js";

const paths = ["train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"].map((name) =>
  sharedData(`digits-${name}-ubyte.gz`),
);
const present = paths.every((path) => path !== null);
if (!present) console.log(sharedMissing);

test.runIf(present)(
  "6,000 digits: an MLP reaches 92 % test accuracy in less than 30 seconds of processor time",
  () => {
    const [images, labels, testImages, testLabels] = paths.map((path) => readIdxSync(readFileSync(path!)));
    const data = (pixels: typeof images, classes: typeof images) => ({
      inputs: {
        rows: pixels.shape[0],
        cols: 784,
        data: Float64Array.from(pixels.data as ArrayLike<number>, (pixel) => (pixel - 33) / 78),
      },
      targets: Array.from(classes.data as ArrayLike<number>),
    });
    const net = mlp({ sizes: [784, 192, 10], activation: "relu", loss: "cross-entropy" });
    const before = process.cpuUsage();
    const epochs = 10;
    const run = train(net, data(images, labels), {
      optimizer: adam({ stepSize: 1e-3 }),
      schedule: cosineSchedule(epochs * 94),
      weightDecay: 1e-3,
      epochs,
      batchSize: 64,
      validation: data(testImages, testLabels),
      rng: createRng(2),
    });
    const { user, system } = process.cpuUsage(before);
    expect(run.history[run.history.length - 1].validationAccuracy).toBeGreaterThanOrEqual(0.92);
    expect((user + system) / 1e6).toBeLessThan(30);
  },
  180_000,
);
