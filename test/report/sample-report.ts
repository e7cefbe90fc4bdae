import type { ReportRecord } from "../../src/report/index.js";
import { sampleFigures } from "../plot/sample-figures.js";

/** A small report with every feature: tagged values, infinities, markup, figures. */
export function sampleReport(): ReportRecord {
  return {
    id: "sample",
    title: "A <sample> & its parts",
    summary: [
      "First finding.",
      "Second finding, with a sentence that is long enough to be broken on a narrow terminal, twice even.",
    ],
    status: "complete",
    provenance: {
      program: "sample",
      seed: 7,
      options: { steps: 3, hidden: [4, 5] },
      versions: { eigenscope: "0.0.0" },
      input: "generated",
    },
    sections: [
      {
        id: "numbers",
        title: "Numbers",
        status: "complete",
        text: ["A paragraph."],
        method: "By hand.",
        matvecs: 12,
        tables: [
          {
            caption: "Cells",
            columns: [{ label: "name", align: "left" }, { label: "value" }, { label: "digits", digits: 2 }],
            rows: [
              ["a | b", 1.23456789, 1.23456789],
              ["tagged", { defined: true, value: -2 }, { defined: false, reason: "zero matrix" }],
              ["nothing", null, Infinity],
            ],
          },
        ],
        figures: [sampleFigures()[0]!],
        data: { values: Float64Array.of(1, 2.5), bad: [Number.NaN, Infinity, -Infinity], none: undefined },
      },
      {
        id: "second",
        title: "Second",
        status: "cancelled",
        text: [],
        method: "",
        matvecs: null,
        tables: [],
        figures: [],
        data: {},
      },
    ],
    wallTimes: { all: 1.5 },
  };
}
