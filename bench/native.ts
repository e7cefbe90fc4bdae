// Native peers: NumPy and SciPy through one Python process per case, single-threaded, timed inside Python.
import { spawnSync } from "node:child_process";
import type { Contender } from "./harness.js";

const python = process.env["EIGENSCOPE_PYTHON"] ?? "/usr/bin/python3";

/** Environment that keeps every BLAS on one thread. */
const singleThread = { OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OMP_NUM_THREADS: "1" };

let available: string | null | undefined;

/** "numpy 1.24.2, scipy 1.10.1" when both are installed, null otherwise. */
export function nativeVersions(): string | null {
  if (available === undefined) {
    const probe = spawnSync(
      python,
      ["-c", "import numpy, scipy; print('numpy', numpy.__version__ + ', scipy', scipy.__version__)"],
      { encoding: "utf8" },
    );
    available = probe.status === 0 ? probe.stdout.trim() : null;
  }
  return available;
}

/**
 * A contender that runs Python code once per round. `setup` defines the inputs, `work` is timed and must leave an
 * iterable of numbers in `checksum`. Inputs are passed as raw float64 bytes, so both sides get the same numbers.
 */
export function nativeContender(
  name: string,
  setup: string,
  work: string,
  inputs: Readonly<Record<string, Float64Array>> = {},
): Contender {
  const header = Object.entries(inputs).map(
    ([key, values]) => `${key}=np.frombuffer(sys.stdin.buffer.read(${values.byteLength}),dtype=np.float64)`,
  );
  const script = [
    "import sys, time, json",
    "import numpy as np, scipy, scipy.linalg, scipy.fft, scipy.sparse.linalg",
    ...header,
    setup,
    "def work():",
    ...work.split("\n").map((line) => `    ${line}`),
    "    return checksum",
    "checksum = work()",
    "best = []",
    "for _ in range(3):",
    "    start = time.perf_counter(); work(); best.append(time.perf_counter() - start)",
    "print(json.dumps({'seconds': sorted(best)[1], 'checksum': [float(x) for x in checksum]}))",
  ].join("\n");
  const input = Buffer.concat(
    Object.values(inputs).map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );
  const call = (): { seconds: number; checksum: number[] } => {
    const result = spawnSync(python, ["-c", script], {
      input,
      encoding: "utf8",
      env: { ...process.env, ...singleThread },
      maxBuffer: 1 << 28,
    });
    if (result.status !== 0) throw new Error(`native peer ${name} failed: ${result.stderr}`);
    return JSON.parse(result.stdout) as { seconds: number; checksum: number[] };
  };
  return { name, run: () => call().checksum, seconds: () => call().seconds };
}
