import { type Spec, View, parse } from "vega";
import { type TopLevelSpec, compile } from "vega-lite";
import { expect, test } from "vitest";
import { OptionError } from "../../src/core/index.js";
import { toVegaLite } from "../../src/plot/index.js";
import { crowdedFigure, sampleFigures } from "./sample-figures.js";

/** Compiles with a logger that keeps every complaint. */
function compileStrictly(spec: unknown): { readonly vega: Spec; readonly complaints: readonly string[] } {
  const complaints: string[] = [];
  const keep = (...words: readonly unknown[]): void => void complaints.push(words.join(" "));
  const logger = {
    level: () => logger,
    error: (...words: readonly unknown[]) => (keep(...words), logger),
    warn: (...words: readonly unknown[]) => (keep(...words), logger),
    info: () => logger,
    debug: () => logger,
  };
  const { spec: vega } = compile(spec as TopLevelSpec, { logger: logger as never });
  return { vega, complaints };
}

test("every figure compiles in Vega-Lite without a warning and draws in Vega", async () => {
  for (const figure of [...sampleFigures(), crowdedFigure([0.2, 0.5])]) {
    const { vega, complaints } = compileStrictly(toVegaLite(figure));
    expect(complaints, figure.id).toEqual([]);
    const svg = await new View(parse(vega), { renderer: "none" }).toSVG();
    expect(svg, figure.id).toContain("<path");
    expect(svg).not.toContain("NaN");
  }
});

test("the same check refuses a specification with an unknown mark field", () => {
  const [figure] = sampleFigures();
  const spec = structuredClone(toVegaLite(figure!)) as { concat: { layer: { encoding: Record<string, unknown> }[] }[] };
  spec.concat[0]!.layer[0]!.encoding["z"] = { field: "x", type: "quantitative" };
  expect(compileStrictly(spec).complaints).not.toEqual([]);
});

test("titles, panels and data survive; the theme chooses the shade", () => {
  const figure = sampleFigures()[4]!;
  const light = toVegaLite(figure) as {
    title: string;
    layer: { data: { values: object[] }; mark: { color: string } }[];
  };
  const dark = toVegaLite(figure, { theme: "dark" }) as typeof light;
  expect(light.title).toBe("Decay");
  expect(light.layer[0]!.data.values).toHaveLength(200);
  expect(light.layer[0]!.mark.color).not.toBe(dark.layer[0]!.mark.color);
  expect(() => toVegaLite(figure, { theme: "sepia" as "dark" })).toThrow(OptionError);
  expect(() => toVegaLite(figure, { shade: 1 } as object)).toThrow('toVegaLite: option "shade" must be one of theme');
});
