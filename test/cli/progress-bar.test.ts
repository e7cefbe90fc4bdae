import { expect, test } from "vitest";
import { createProgressBar, duration, progressLine } from "../../src/cli/progress-bar.js";
import { nearest } from "../../src/cli/arguments.js";

/** A screen that keeps what was written, with a clock that the test moves. */
function screen(isTTY: boolean): {
  readonly bar: ReturnType<typeof createProgressBar>;
  readonly text: () => string;
  at(time: number): void;
} {
  let written = "";
  let time = 0;
  const bar = createProgressBar({ write: (text) => void (written += text), isTTY, columns: 100 }, () => time);
  return { bar, text: () => written, at: (value) => (time = value) };
}

test("a line shows share, counts, rate, time left and figures", () => {
  const line = progressLine({ phase: "training", done: 50, total: 200, figures: { loss: 0.25 } }, 10, 50, 120);
  expect(line).toBe(
    "training                         [######..................]  25 %  50/200  5/s  30 s left  loss 0.25",
  );
});

test("on eighty columns the time left still fits", () => {
  const line = progressLine(
    { phase: "Hessian: largest eigenvalues", done: 5, total: 10, figures: { residual: 1e-7 } },
    10,
    5,
    80,
  );
  expect(line).toContain("0.5/s  10 s left");
  expect([...line].length).toBeLessThan(80);
});

test("a line without a total shows the count alone, and never exceeds the screen", () => {
  expect(progressLine({ phase: "torus", done: 0, total: null }, 0, 0, 80)).toBe("torus");
  expect(progressLine({ phase: "torus", done: 7, total: null }, 2, 7, 80)).toContain("7  3.5/s");
  expect([...progressLine({ phase: "p".repeat(200), done: 1, total: 2 }, 1, 1, 60)]).toHaveLength(59);
});

test("on a terminal one line per phase is overwritten in place", () => {
  const { bar, text, at } = screen(true);
  bar.update({ phase: "one", done: 0, total: 10 });
  at(50);
  bar.update({ phase: "one", done: 1, total: 10 }); // too soon to redraw
  at(200);
  bar.update({ phase: "one", done: 10, total: 10 });
  bar.update({ phase: "two", done: 0, total: 1 });
  bar.close();
  const shown = text();
  expect(shown.split("\r\u001b[K")).toHaveLength(4); // three redraws
  expect(shown).not.toContain("1/10 ");
  expect(shown).toContain("10/10");
  expect(shown.endsWith("\n")).toBe(true);
});

test("elsewhere there are plain lines: every five seconds and at the end of a phase", () => {
  const { bar, text, at } = screen(false);
  for (let second = 0; second <= 12; second++) {
    at(1000 * second);
    bar.update({ phase: "one", done: second, total: 13 });
  }
  bar.close();
  const lines = text().trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("5/13");
  expect(lines[2]).toContain("12/13");
  expect(text()).not.toContain("\u001b");
});

test("durations in words", () => {
  expect([0.2, 59, 60, 125, 3600, 4000].map(duration)).toEqual([
    "1 s",
    "59 s",
    "1 min 0 s",
    "2 min 5 s",
    "1 h 0 min",
    "1 h 6 min",
  ]);
});

test("the nearest name is within two typing errors", () => {
  expect(nearest("sead", ["seed", "data"])).toBe("seed");
  expect(nearest("htlm", ["html", "json"])).toBe("html");
  expect(nearest("frobnicate", ["seed"])).toBeNull();
  expect(nearest("x", ["y"])).toBeNull();
});
