import { expect, test } from "vitest";
import { BACKGROUND, PALETTE, figureStyle, sequentialColor } from "../../src/plot/palette.js";

type Rgb = readonly [number, number, number];

const channels = (hex: string): Rgb =>
  [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255) as unknown as Rgb;
const linear = (rgb: Rgb): Rgb =>
  rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as unknown as Rgb;
const luminance = (hex: string): number => {
  const [r, g, b] = linear(channels(hex));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/** Contrast ratio of WCAG 2. */
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Matrices of full dichromacy on linear RGB (Viénot, Brettel and Mollon 1999, as commonly rounded). */
const DEFICIENCIES: Readonly<Record<string, readonly Rgb[]>> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deuteranopia: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

/** CIE Lab of a colour as a reader with the deficiency sees it (D65). */
function seen(hex: string, deficiency: readonly Rgb[]): Rgb {
  const rgb = linear(channels(hex));
  const [r, g, b] = deficiency.map((row) =>
    Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]),
  ) as unknown as Rgb;
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a: Rgb, b: Rgb): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

test("every colour has contrast 3:1 at least against its background, light and dark", () => {
  for (const [name, shades] of Object.entries(PALETTE)) {
    expect(contrast(shades.light, BACKGROUND.light), `${name}, light`).toBeGreaterThanOrEqual(3);
    expect(contrast(shades.dark, BACKGROUND.dark), `${name}, dark`).toBeGreaterThanOrEqual(3);
  }
});

const APART = 12; // CIE 1976 units; about 2 is just noticeable side by side, 10 at a glance

test("the first three colours stay apart for readers without red or green cones, light and dark", () => {
  for (const theme of ["light", "dark"] as const) {
    for (const [deficiency, matrix] of Object.entries(DEFICIENCIES)) {
      const colors = ["blue", "vermilion", "green"].map((name) => seen(PALETTE[name as "blue"][theme], matrix));
      for (const [i, a] of colors.entries())
        for (const b of colors.slice(i + 1)) expect(distance(a, b), `${theme}, ${deficiency}`).toBeGreaterThan(APART);
    }
  }
});

test("the same check refuses pure red and green of equal brightness", () => {
  const [red, green] = ["#c04040", "#6e7a3c"].map((hex) => seen(hex, DEFICIENCIES["deuteranopia"]!));
  expect(distance(red!, green!)).toBeLessThan(APART);
});

test("the sequential scale rises in luminance", () => {
  const steps = Array.from({ length: 33 }, (_, i) => luminance(sequentialColor(i / 32)));
  for (let i = 1; i < steps.length; i++) expect(steps[i]!).toBeGreaterThan(steps[i - 1]!);
  expect(sequentialColor(-1)).toBe(sequentialColor(0));
  expect(sequentialColor(2)).toBe(sequentialColor(1));
});

test("the style sheet has both sets of colours", () => {
  const style = figureStyle();
  for (const { light, dark } of Object.values(PALETTE)) {
    expect(style).toContain(light);
    expect(style).toContain(dark);
  }
});
