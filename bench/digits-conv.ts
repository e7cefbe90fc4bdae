// npm run digits:conv -- FOLDER [--epochs N] [--json]: trains a small convolutional network on the digits in FOLDER (the four IDX files
// digits-{train,test}-{images-idx3,labels-idx1}-ubyte.gz), then estimates the spectral density of its Hessian. The numbers of docs/networks.md.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hessian } from "eigenscope/curvature";
import { readIdxSync } from "eigenscope/formats";
import { activationLayer, conv2d, dense, expandLoss, flatten, maxPool, sequential } from "eigenscope/networks";
import { createRng, fillNormal } from "eigenscope/random";
import { spectralDensity } from "eigenscope/stochastic";
import { adam, cosineSchedule, train } from "eigenscope/training";
import { machineLine } from "./harness.js";

const EPOCHS = 8;
const BATCH = 64;
const SAMPLES = 512;
const PROBES = 10;
const STEPS = 60;
const BUDGET = 512 * 2 ** 20; // bytes for what is kept between products

const args = process.argv.slice(2);
const folder = args.find((arg, i) => !arg.startsWith("--") && args[i - 1] !== "--epochs");
const unknown = args.find((arg) => arg.startsWith("--") && arg !== "--json" && arg !== "--epochs");
const epochs = args.includes("--epochs") ? Number(args[args.indexOf("--epochs") + 1]) : EPOCHS;
if (folder === undefined || unknown !== undefined || !Number.isInteger(epochs) || epochs < 1) {
  fail(`usage: npm run digits:conv -- FOLDER [--epochs N] [--json]${unknown === undefined ? "" : `, got ${unknown}`}`);
}

function fail(message: string): never {
  console.error(`digits:conv: ${message}`);
  process.exit(2);
}

function read(part: "train" | "test") {
  const [images, labels] = ["images-idx3", "labels-idx1"].map((kind) => {
    const path = join(folder as string, `digits-${part}-${kind}-ubyte.gz`);
    if (!existsSync(path)) fail(`${path} not found`);
    return readIdxSync(readFileSync(path));
  });
  const [count = 0, height = 0, width = 0] = images!.shape;
  const data = Float64Array.from(images!.data as ArrayLike<number>, (pixel) => pixel / 255);
  return {
    inputs: { rows: count, cols: height * width, data },
    targets: Array.from(labels!.data as ArrayLike<number>),
  };
}

const note = (text: string): void => void process.stderr.write(`${text}\n`);
/** Wall time, and processor time beside it: on a busy machine only the second says what the work costs. */
const timed = <T>(
  run: () => T,
): { readonly seconds: number; readonly processorSeconds: number; readonly result: T } => {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1e3, processorSeconds: (user + system) / 1e6, result };
};
let peak = 0; // largest resident set seen, bytes
const watch = (): void => void (peak = Math.max(peak, process.memoryUsage().rss));

const training = read("train");
const held = read("test");
const net = sequential(
  [
    conv2d({ outputs: 8, kernel: 3, padding: 1 }),
    maxPool({ size: 2 }),
    activationLayer("relu"), // after the pooling: the same function with a quarter of the work
    conv2d({ outputs: 16, kernel: 3, padding: 1 }),
    maxPool({ size: 2 }),
    activationLayer("relu"),
    flatten(),
    dense({ outputs: 128 }),
    activationLayer("relu"),
    dense({ outputs: 10 }),
  ],
  { inputShape: [1, 28, 28], loss: "cross-entropy" },
);
note(`${net.parameterCount} parameters, ${training.inputs.rows} training and ${held.inputs.rows} test images`);

const trained = timed(() =>
  train(net, training, {
    optimizer: adam({ stepSize: 2e-3 }),
    epochs,
    batchSize: BATCH,
    schedule: cosineSchedule(epochs * Math.ceil(training.inputs.rows / BATCH), 0.05),
    initialization: "he",
    rng: createRng(1),
    validation: held,
    onProgress: ({ done, total }) => note(`training: step ${done} of ${total}`),
  }),
);
const { params, history } = trained.result;
const accuracies = history.map((record) => record.validationAccuracy ?? 0);
note(`test accuracy by epoch: ${accuracies.join(" ")}; ${trained.seconds.toFixed(1)} s`);

const subset = {
  inputs: { rows: SAMPLES, cols: 784, data: training.inputs.data.slice(0, SAMPLES * 784) },
  targets: training.targets.slice(0, SAMPLES),
};
const H = hessian(net, params, subset, { memoryBudget: BUDGET });
const density = timed(() =>
  spectralDensity(H, {
    method: "slq",
    probes: PROBES,
    steps: STEPS,
    rng: createRng(2),
    onProgress: ({ phase, done, total }) => {
      watch();
      note(`${phase}: ${done} of ${total}`);
    },
  }),
);
const { nodes, wassersteinError, matvecs } = density.result;

// The full data in chunks that fit the budget: passes are evaluated again for each product.
const v = fillNormal(createRng(3), new Float64Array(net.parameterCount));
const whole = expandLoss(net, params, training, { memoryBudget: BUDGET });
const streamed = timed(() => whole.hvp(v, new Float64Array(v.length)));
watch();

const report = {
  machine: machineLine(),
  parameters: net.parameterCount,
  epochs,
  testAccuracies: accuracies,
  trainingSeconds: trained.seconds,
  trainingProcessorSeconds: trained.processorSeconds,
  density: {
    samples: SAMPLES,
    probes: PROBES,
    steps: STEPS,
    products: matvecs,
    seconds: density.seconds,
    processorSeconds: density.processorSeconds,
    largestNode: Math.max(...nodes),
    smallestNode: Math.min(...nodes),
    wassersteinError,
  },
  fullDataProduct: {
    samples: training.inputs.rows,
    memoryBudget: BUDGET,
    seconds: streamed.seconds,
    processorSeconds: streamed.processorSeconds,
  },
  peakResidentMegabytes: Math.round(peak / 1e6),
};
if (args.includes("--json")) console.log(JSON.stringify(report));
else {
  console.log(report.machine);
  console.log(
    `training: ${report.trainingSeconds.toFixed(1)} s (processor ${report.trainingProcessorSeconds.toFixed(1)} s), test accuracy ${(100 * accuracies[accuracies.length - 1]!).toFixed(1)} %`,
  );
  console.log(
    `density: ${matvecs} Hessian products on ${SAMPLES} samples in ${(density.seconds / 60).toFixed(1)} min (processor ${(density.processorSeconds / 60).toFixed(1)} min), nodes from ${report.density.smallestNode.toPrecision(3)} to ${report.density.largestNode.toPrecision(3)}`,
  );
  console.log(
    `one product on all ${training.inputs.rows} samples: ${streamed.seconds.toFixed(1)} s (processor ${streamed.processorSeconds.toFixed(1)} s); at most ${report.peakResidentMegabytes} MB resident`,
  );
}
if (accuracies[accuracies.length - 1]! < 0.95) {
  note("digits:conv: the test accuracy stayed below 95 %");
  process.exit(1);
}
