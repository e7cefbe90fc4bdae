import { expect, expectTypeOf, test } from "vitest";
import { ArgumentError, fromRows } from "../../src/core/index.js";
import { type ComplexArray, convolve, dct, fft, fftn, ifft, ifftn, irfft, rfft } from "../../src/fft/index.js";

/** The message of what a call throws. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as Error).message;
  }
  return "nothing was thrown";
}

test("every typed array of real numbers is taken, with the bits of the same numbers in float64", () => {
  const numbers = [3, 0, 100, 7, 12, 90, 1];
  const expected = fft(Float64Array.from(numbers));
  for (const kind of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
    const x = kind.from(numbers);
    expect(fft(x)).toEqual(expected);
    expect(fft(x, x)).toEqual(fft(numbers, numbers));
    expect(rfft(x)).toEqual(rfft(numbers));
    expect(fftn({ re: x }, [7])).toEqual(fftn({ re: numbers }, [7]));
    expect(dct(x)).toEqual(dct(numbers));
    expect(convolve(x, Float32Array.of(1, 2))).toEqual(convolve(numbers, [1, 2]));
    expect(Array.from(x)).toEqual(numbers);
  }
});

test("transforms compose: a record of both parts is what one returns and the next takes", () => {
  const re = [1, -2, 3, 5, 8, 0.5];
  const im = [0, 1, 4, -7, 2, 3];
  for (const n of [1, 2, 3, 5, 6]) {
    const [x, y] = [re.slice(0, n), im.slice(0, n)];
    const spectrum = fft({ re: x, im: y });
    expectTypeOf(spectrum).toEqualTypeOf<ComplexArray>();
    expect(spectrum).toEqual(fft(x, y));
    expect(ifft(spectrum)).toEqual(ifft(spectrum.re, spectrum.im));
    expect(fft({ re: x })).toEqual(fft(x));
    expect(ifft({ re: x })).toEqual(ifft(x));
    const half = rfft(x);
    expectTypeOf(irfft(half, n)).toEqualTypeOf<Float64Array>();
    expect(irfft(half, n)).toEqual(irfft(half.re, half.im, n));
    expect(ifftn(fftn({ re: x, im: y }, [n]), [n]).re.length).toBe(n);
  }
});

test("what is not an array of numbers is told what it holds", () => {
  for (const [input, words] of [
    [
      [
        [1, 2],
        [3, 4],
      ],
      "got an array with an array of length 2 at index 0; fftn transforms grids",
    ],
    [[1, 2n], "got an array with 2n at index 1"],
    [["1", "2"], 'got an array with "1" at index 0'],
    [BigInt64Array.of(1n), "got a BigInt64Array of length 1"],
    [new DataView(new ArrayBuffer(8)), "got a DataView of length 8"],
    ["abc", 'got "abc"'],
    [undefined, "got undefined"],
    [{ length: 1e12 }, "got an object with keys length"],
    [fromRows([[1]]), "got 1 x 1"],
  ] as const) {
    expect(messageOf(() => fft(input as never))).toBe(`fft: re must be an array of numbers, typed or not, ${words}`);
  }
  expect(messageOf(() => fft({ re: [1, 2], im: [1, 2n] } as never))).toContain("fft: im must be an array of numbers");
  expect(messageOf(() => ifft({ re: [1, 2] } as never, [1, 2] as never))).toBe(
    "ifft: im must be absent beside a record { re, im }, got an array of length 2",
  );
  expect(messageOf(() => irfft(rfft([1, 2, 3]), undefined as never))).toBe(
    "irfft: n must be an integer >= 1, got undefined",
  );
  expect(messageOf(() => fftn(fromRows([[1, 2]]) as never, [1, 2]))).toBe(
    "fftn: x must be an object { re, im }, got 1 x 2",
  );
  expect(() => irfft([1, 2], [0, 1], 2)).toThrow("im[1] must be 0, as for real data, got 1; set it to 0, or use ifft");
});
