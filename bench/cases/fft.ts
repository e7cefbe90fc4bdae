import { createFftPlan, createRealFftPlan, fftnInPlace, rfft } from "eigenscope/fft";
import { createRng, fillNormal } from "eigenscope/random";
import { setRoutinesBackend } from "eigenscope/routines";
import { type BenchCase, type Contender, once } from "../harness.js";
import { nativeContender, nativeVersions } from "../native.js";
import { peer } from "../peers.js";

function normals(seed: number, length: number): Float64Array {
  const values = new Float64Array(length);
  fillNormal(createRng(seed), values);
  return values;
}

/** Entries of the spectrum that would show a wrong sign, order or scale. */
function checksumOf(re: Float64Array, im: Float64Array): number[] {
  const n = re.length;
  return [re[0]!, im[0]!, re[1]!, im[1]!, re[n >> 1]!, im[n - 1]!];
}
const CHECKSUM =
  "C = C.ravel(); checksum = [C[0].real, C[0].imag, C[1].real, C[1].imag, C[C.size // 2].real, C[-1].imag]";

function native(repeats: number, shape: readonly number[], re: Float64Array, im: Float64Array): Contender | null {
  const versions = nativeVersions();
  if (versions === null) return null;
  const work = `for _ in range(${repeats}): C = scipy.fft.fftn(x)\n${CHECKSUM}`;
  return nativeContender(versions, `x = (re + 1j * im).reshape(${shape.join(",")},)`, work, { re, im });
}

interface FftJs {
  transform(out: Float64Array, data: Float64Array): void;
}
interface Ooura {
  fft(re: ArrayBufferLike, im: ArrayBufferLike, outRe: ArrayBufferLike, outIm: ArrayBufferLike): void;
}

function lineCase(n: number, kind: string, claim: string): BenchCase {
  const repeats = Math.max(1, Math.round(2e6 / (n * Math.log2(n))));
  return {
    name: `fft-${kind}-${n}`,
    claim,
    input: `complex transform of length ${n}, ${repeats} times, separate real and imaginary parts in and out`,
    checksumTolerance: 1e-10,
    flops: 5 * n * Math.log2(n) * repeats,
    rounds: 9,
    contenders: () => {
      const re = normals(1, n);
      const im = normals(2, n);
      const outRe = new Float64Array(n);
      const outIm = new Float64Array(n);
      const contenders: Contender[] = (["wasm", "js"] as const).map((backend) => {
        setRoutinesBackend(backend);
        const plan = createFftPlan(n);
        setRoutinesBackend("auto");
        return {
          name: `eigenscope, ${backend === "wasm" ? "WebAssembly" : "JavaScript"}`,
          run: () => {
            for (let i = 0; i < repeats; i++) plan.forward(re, im, outRe, outIm);
            return checksumOf(outRe, outIm);
          },
        };
      });
      const missing: string[] = [];
      const power = (n & (n - 1)) === 0;
      const fftJs = power ? peer<new (size: number) => FftJs>("fft.js") : null;
      if (fftJs !== null) {
        const transform = new fftJs.module(n);
        const data = new Float64Array(2 * n);
        const out = new Float64Array(2 * n);
        for (let i = 0; i < n; i++) {
          data[2 * i] = re[i]!;
          data[2 * i + 1] = im[i]!;
        }
        contenders.push({
          name: `${fftJs.label}, interleaved`,
          run: () => {
            for (let i = 0; i < repeats; i++) transform.transform(out, data);
            return [out[0]!, out[1]!, out[2]!, out[3]!, out[2 * (n >> 1)]!, out[2 * n - 1]!];
          },
        });
      } else if (power) missing.push("fft.js");
      const ooura = power ? peer<new (size: number, info: { type: string; radix: number }) => Ooura>("ooura") : null;
      // Its 16-bit index table overflows beyond this length and the result is NaN.
      const oouraWorks = n <= 8192;
      if (ooura !== null && !oouraWorks) missing.push(`${ooura.label} (not a number at this length)`);
      else if (ooura !== null) {
        // Its size counts real numbers: n complex points are 2n.
        const transform = new ooura.module(2 * n, { type: "complex", radix: 4 });
        contenders.push({
          name: ooura.label,
          run: () => {
            for (let i = 0; i < repeats; i++) transform.fft(re.buffer, im.buffer, outRe.buffer, outIm.buffer);
            return checksumOf(outRe, outIm);
          },
        });
      } else if (power) missing.push("ooura");
      const scipy = native(repeats, [n], re, im);
      if (scipy === null) missing.push("SciPy");
      else contenders.push(scipy);
      return Promise.resolve({ contenders, missing });
    },
  };
}

/** One of our back ends, in effect during its runs only. */
function named(backend: "wasm" | "js", work: () => number[]): Contender {
  const run = (): number[] => {
    setRoutinesBackend(backend);
    const checksum = work();
    setRoutinesBackend("auto");
    return checksum;
  };
  return { name: `eigenscope, ${backend === "wasm" ? "WebAssembly" : "JavaScript"}`, run };
}

function realCase(n: number): BenchCase {
  const repeats = Math.max(1, Math.round(4e6 / (n * Math.log2(n))));
  return {
    name: `fft-real-${n}`,
    claim: "a transform of real data takes no longer than SciPy's rfft",
    input: `real transform of length ${n}, ${repeats} times, fresh results (the plan: into arrays that exist)`,
    checksumTolerance: 1e-10,
    flops: 2.5 * n * Math.log2(n) * repeats,
    rounds: 9,
    contenders: () => {
      const x = normals(1, n);
      const contenders = (["wasm", "js"] as const).map((backend) =>
        named(backend, () => {
          let result = rfft(x);
          for (let i = 1; i < repeats; i++) result = rfft(x);
          return checksumOf(result.re, result.im);
        }),
      );
      const plan = createRealFftPlan(n);
      const [re, im] = [new Float64Array((n >> 1) + 1), new Float64Array((n >> 1) + 1)];
      const planned = (): number[] => {
        for (let i = 0; i < repeats; i++) plan.forward(x, re, im);
        return checksumOf(re, im);
      };
      contenders.push({ name: "eigenscope, a plan", run: planned });
      const versions = nativeVersions();
      const work = `for _ in range(${repeats}): C = scipy.fft.rfft(x)\n${CHECKSUM}`;
      return Promise.resolve({
        contenders: versions === null ? contenders : [...contenders, nativeContender(versions, "pass", work, { x })],
        missing: versions === null ? ["SciPy"] : [],
      });
    },
  };
}

function gridCase(shape: readonly number[]): BenchCase {
  const total = shape.reduce((a, b) => a * b, 1);
  return {
    name: `fft-grid-${shape.join("x")}`,
    claim: "a transform in several dimensions takes at most 1.3 times SciPy's time (the goal is 0.9)",
    input: `complex transform of a ${shape.join(" x ")} grid in place, its data copied there first`,
    checksumTolerance: 1e-10,
    flops: 5 * total * Math.log2(total),
    contenders: () => {
      const re = normals(1, total);
      const im = normals(2, total);
      const contenders: Contender[] = (["wasm", "js"] as const).map((backend) => {
        const place = { re: new Float64Array(total), im: new Float64Array(total) };
        return named(backend, () => {
          place.re.set(re);
          place.im.set(im);
          fftnInPlace(place, shape, false);
          return checksumOf(place.re, place.im);
        });
      });
      const scipy = native(1, shape, re, im);
      return Promise.resolve({
        contenders: scipy === null ? contenders : [...contenders, scipy],
        missing: scipy === null ? ["SciPy"] : [],
      });
    },
  };
}

/** A point mass, whose transform is known: products of roots of unity. */
function scaleCase(n: number): BenchCase {
  const total = n ** 3;
  const [i, j, k] = [3, 5, 7];
  return {
    name: `scale-fft-${n}x${n}x${n}`,
    claim: "a grid of 512³ points (2 GiB) is transformed in place in seconds",
    input: `complex transform of a ${n} x ${n} x ${n} grid in place, once; a point mass, whose transform is known`,
    checksumTolerance: 1e-12,
    flops: 5 * total * Math.log2(total),
    rounds: 1,
    contenders: () => {
      const x = { re: new Float64Array(total), im: new Float64Array(total) };
      x.re[(i * n + j) * n + k] = 1;
      const places = [1, n + 1, total >> 1, total - 1];
      const ours = once("eigenscope", () => {
        fftnInPlace(x, [n, n, n], false);
        return places.flatMap((at) => [x.re[at]!, x.im[at]!]);
      });
      const known = places.flatMap((at) => {
        const [u, v, w] = [Math.floor(at / n / n), Math.floor(at / n) % n, at % n];
        const turns = ((u * i + v * j + w * k) % n) / n;
        return [Math.cos(2 * Math.PI * turns), -Math.sin(2 * Math.PI * turns)];
      });
      const formula = { name: "the formula (a check, no transform)", run: () => known };
      return Promise.resolve({ contenders: [ours, formula], missing: ["SciPy (left out at this size)"] });
    },
  };
}

const POWER = "a power-of-two transform takes at most 0.6 of SciPy's time and is 2.5 times as fast as fft.js";
const SMOOTH = "a transform of a length with prime factors 2, 3, 5, 7 takes no longer than SciPy's";
const MIXED = "a transform of a length with a prime factor up to 101 takes no longer than SciPy's";
const PRIME = "a transform of prime length takes at most 1.5 times SciPy's time";

/** Cases of the Fourier transforms. */
export const cases: readonly BenchCase[] = [
  lineCase(1024, "power", POWER),
  lineCase(65536, "power", POWER),
  lineCase(1000, "smooth", SMOOTH),
  lineCase(44100, "smooth", SMOOTH),
  lineCase(999, "mixed", MIXED),
  lineCase(1009, "prime", PRIME),
  lineCase(10007, "prime", PRIME),
  realCase(1024),
  realCase(65536),
  realCase(1000),
  realCase(44100),
  realCase(999),
  gridCase([512, 512]),
  gridCase([1024, 1024]),
  gridCase([64, 64, 64]),
  gridCase([100, 100, 100]),
  gridCase([77, 78, 79]),
  scaleCase(512),
];
