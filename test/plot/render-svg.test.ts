import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError, OptionError, ShapeError } from "../../src/core/index.js";
import { type Figure, type Mark, formatNumber, renderSvg, trainingCurve } from "../../src/plot/index.js";
import { layoutFigure } from "../../src/plot/layout.js";
import { sequentialColor } from "../../src/plot/palette.js";
import { textWidth, wrapText } from "../../src/plot/text-width.js";
import { crowdedFigure, sampleFigures } from "./sample-figures.js";

const figureOf = (marks: readonly Mark[], scale: "linear" | "log" = "linear"): Figure => ({
  id: "figure",
  title: "T",
  description: "D",
  columns: 1,
  panels: [{ title: "", x: { label: "x", scale: "linear" }, y: { label: "y", scale }, marks }],
});

/** Start and end tags match and attributes are quoted: enough of XML to catch every slip of a string writer. */
function wellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^>]*)>/g)) {
    if (/=(?!")/.test(rest!.replace(/"[^"]*"/g, '""'))) return false;
    if (closing === "/") {
      if (open.pop() !== name) return false;
    } else if (!rest!.endsWith("/")) open.push(name!);
  }
  return open.length === 0;
}

test("every figure becomes a well-formed, accessible picture, the same text each time", () => {
  for (const figure of sampleFigures()) {
    const svg = renderSvg(figure);
    expect(wellFormed(svg)).toBe(true);
    expect(svg).toContain('role="img"');
    expect(svg).toContain(`aria-labelledby="${figure.id}-title ${figure.id}-description"`);
    expect(svg).toContain(`<title id="${figure.id}-title">${figure.title}</title>`);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toMatch(/NaN|Infinity|undefined|href|<script|url\((?!#)/);
    expect(renderSvg(structuredClone(figure))).toBe(svg);
  }
});

test("the well-formedness check refuses a picture with a tag left open", () => {
  const svg = renderSvg(sampleFigures()[0]!);
  expect(wellFormed(svg.replace("</g>", ""))).toBe(false);
  expect(wellFormed(svg.replace('x="12"', "x=12"))).toBe(false);
});

test("a figure without its own style sheet relies on the page's", () => {
  const [figure] = sampleFigures();
  expect(renderSvg(figure!, { standalone: false })).not.toContain("<style>");
  expect(renderSvg(figure!, { width: 400, plotHeight: 100 })).toContain('width="400"');
});

test("texts with markup are shown, not obeyed", () => {
  const svg = renderSvg({ ...figureOf([]), title: `<script>alert("1 & 2")</script>\u0000` });
  expect(svg).toContain("&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;</title>");
  expect(wellFormed(svg)).toBe(true);
});

test("any finite data of any scale give finite coordinates", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, 1e150, -1e150, 1e-150, 5e-324),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, value), { maxLength: 12 }),
      fc.constantFrom("linear" as const, "log" as const),
      (points, scale) => {
        const x = points.map(([first]) => first / 4);
        const y = points.map(([, second]) => second / 4);
        const marks: Mark[] = [
          { kind: "line", x, y, color: "blue" },
          { kind: "points", x, y, color: "green", error: y.map(Math.abs), stems: true },
          { kind: "area", x, lower: y, upper: y, color: "gray" },
        ];
        const svg = renderSvg(figureOf(marks, scale));
        expect(svg.replace(/<title>[^<]*<\/title>/g, "")).not.toMatch(/NaN|Infinity/);
      },
    ),
    { numRuns: 200 },
  );
});

test("values without a place on a logarithmic axis leave gaps", () => {
  const svg = renderSvg(figureOf([{ kind: "line", x: [0, 1, 2, 3], y: [1, 0, 10, 100], color: "blue" }], "log"));
  const path = /stroke-width="2"[^>]* d="([^"]*)"/.exec(svg)![1]!;
  expect(path.match(/M/g)).toHaveLength(2);
});

test("names of rules never overlap one another", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }), (values) => {
      const [panel] = layoutFigure(crowdedFigure(values), 760, 230).panels;
      const boxes = panel!.rules.map(({ text, x, y }) => ({
        left: x,
        right: x + textWidth(text, 11),
        top: y - 10,
        bottom: y + 2,
      }));
      for (const [i, a] of boxes.entries()) {
        for (const b of boxes.slice(i + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(apart, `${JSON.stringify(a)} and ${JSON.stringify(b)}`).toBe(true);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("panels below one another share their data region, so that steps line up", () => {
  const { panels } = layoutFigure(sampleFigures()[1]!, 760, 230);
  expect(panels[0]!.plot.left).toBe(panels[1]!.plot.left);
  expect(panels[0]!.plot.width).toBe(panels[1]!.plot.width);
});

test("long texts break between words", () => {
  const lines = wrapText("one two three four", 12, 70);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join(" ")).toBe("one two three four");
  expect(wrapText("", 12, 70)).toEqual([]);
});

test("numbers are written for people", () => {
  const cases: readonly [number, string][] = [
    [0, "0"],
    [-1.5, "−1.5"],
    [1234567, "1.235×10⁶"],
    [0.00099999, "0.001"],
    [99999.96, "10⁵"],
    [1e-7, "10⁻⁷"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
    [Number.NaN, "undefined"],
    [12, "12"],
  ];
  for (const [value, text] of cases) expect(formatNumber(value)).toBe(text);
  expect(formatNumber(Math.PI, 2)).toBe("3.1");
});

test("malformed figures are refused with the place of the fault", () => {
  const line = { kind: "line", x: [0, 1], y: [0, 1], color: "blue" } as const;
  const cases: readonly [Figure, new (...args: never[]) => Error, string][] = [
    [null as unknown as Figure, ArgumentError, "renderSvg: figure must be a Figure with at least one panel, got null"],
    [{ ...figureOf([]), panels: [] }, ArgumentError, "at least one panel"],
    [
      { ...figureOf([]), id: "9 Lives" },
      ArgumentError,
      'renderSvg: figure.id must be lower-case letters, digits and hyphens, beginning with a letter, got "9 Lives"',
    ],
    [{ ...figureOf([]), columns: 0 }, ArgumentError, "figure.columns must be an integer in [1, 4], got 0"],
    [figureOf([{ ...line, y: [0] }]), ShapeError, "panels[0].marks[0].y must be of length 2, as x, got length 1"],
    [
      figureOf([{ ...line, y: [0, Number.NaN] }]),
      NonFiniteError,
      "panels[0].marks[0].y must be finite in every entry, got NaN at index 1",
    ],
    [figureOf([{ ...line, color: "red" as "blue" }]), OptionError, 'panels[0].marks[0].color must be one of "blue"'],
    [figureOf([{ ...line, kind: "pie" as "line" }]), OptionError, 'panels[0].marks[0].kind must be one of "line"'],
    [
      figureOf([{ ...line, x: "01" as unknown as number[] }]),
      ArgumentError,
      "panels[0].marks[0].x must be an array of numbers",
    ],
    [
      figureOf([{ kind: "heat", xEdges: [0, 1, 2], yEdges: [0, 1], values: [1], scale: "linear", text: "" }]),
      ShapeError,
      "panels[0].marks[0].values must be one number per cell of the 1 x 2 grid, got length 1",
    ],
    [
      { ...figureOf([]), panels: [{ ...figureOf([]).panels[0]!, x: { label: "", scale: "log", domain: [0, 1] } }] },
      ArgumentError,
      "two positive ascending numbers, got [0, 1]",
    ],
  ];
  for (const [figure, type, message] of cases) {
    expect(() => renderSvg(figure)).toThrow(type);
    expect(() => renderSvg(figure)).toThrow(message);
  }
  expect(() => renderSvg(figureOf([]), { width: 10 })).toThrow(
    "renderSvg: width must be an integer in [240, 4000], got 10",
  );
  expect(() => renderSvg(figureOf([]), { size: 1 } as object)).toThrow(OptionError);
});

/** Colour of the last stroke drawn over a point: what one sees there. */
function colorAt(svg: string, x: number, y: number): string | null {
  let seen: string | null = null;
  for (const [, color, width, d] of svg.matchAll(
    /<path stroke="(#[0-9a-f]{6})" stroke-width="([\d.]+)" d="([^"]*)"/g,
  )) {
    for (const run of d!.matchAll(/M([\d.-]+),([\d.-]+)H([\d.-]+)/g)) {
      const [left, middle, right] = run.slice(1).map(Number) as [number, number, number];
      if (x > left && x < right && Math.abs(y - middle) < Number(width) / 2) seen = color!;
    }
  }
  return seen;
}

test("a heat map shows each cell in its colour, blanks where a logarithm has none, in one path per colour", () => {
  const n = 24;
  const values = Array.from({ length: n * n }, (_, i) => (i % 17 === 3 ? 0 : Math.exp(Math.sin(i / 40) * 6)));
  const edges = Array.from({ length: n + 1 }, (_, i) => i);
  const figure = figureOf([{ kind: "heat", xEdges: edges, yEdges: edges, values, scale: "log", text: "v" }]);
  const svg = renderSvg(figure);
  const { x, y } = layoutFigure(figure, 760, 230).panels[0]!;
  const usable = values.filter((value) => value > 0).map(Math.log);
  const [low, high] = [Math.min(...usable), Math.max(...usable)];
  values.forEach((value, i) => {
    const seen = colorAt(svg, x.position((i % n) + 0.5)!, y.position(Math.floor(i / n) + 0.5)!);
    if (value === 0) return expect(seen).toBeNull();
    const exact = sequentialColor((Math.log(value) - low) / (high - low));
    const apart = [1, 3, 5].map((at) => parseInt(seen!.slice(at, at + 2), 16) - parseInt(exact.slice(at, at + 2), 16));
    expect(Math.max(...apart.map(Math.abs))).toBeLessThanOrEqual(3); // of 255: half a step of 128
  });
  expect(svg.match(/<path stroke="#/g)!.length).toBeLessThanOrEqual(128);
});

test("a large heat map stays small where its colours repeat, and has no limit on its cells", () => {
  const n = 500;
  const edges = Array.from({ length: n + 1 }, (_, i) => i);
  const values = Array.from({ length: n * n }, (_, i) => Math.floor((i % n) / 100) + Math.floor(i / n / 100));
  const svg = renderSvg(figureOf([{ kind: "heat", xEdges: edges, yEdges: edges, values, scale: "linear", text: "v" }]));
  expect(svg.length).toBeLessThan(120_000); // 250,000 cells, 2,500 runs
  const many = Array.from({ length: 200_000 }, (_, i) => i);
  const sharpness = { steps: [0], values: [1], residualNorms: [0] };
  const curve = { id: "run", title: "", steps: many, loss: many.map((i) => 1 / (1 + i)), sharpness, stepSize: 0.1 };
  expect(trainingCurve(curve).panels[0]!.x.domain![1]).toBeCloseTo(1.015 * 199_999, 6);
});
