import type { Progress } from "../core/index.js";
import { formatNumber } from "../plot/index.js";
import { visibleText } from "../report/index.js";

/** Where progress is shown. */
export interface ProgressScreen {
  /** Writes text at once. */
  write(text: string): void;
  /** Whether a line can be overwritten. */
  readonly isTTY: boolean;
  /** Width of a line. */
  readonly columns: number;
}

/** A display of long work. */
export interface ProgressBar {
  /** Shows a report; the same phase overwrites its line on a terminal. */
  update(progress: Progress): void;
  /** Ends the last line. */
  close(): void;
}

const WIDE = 110; // columns from which bar and phase get more room
const TERMINAL_INTERVAL = 100; // ms between redraws of a terminal line
const PLAIN_INTERVAL = 5000; // ms between lines where nothing can be overwritten

/** Shows phase, bar, rate and time left; on a terminal in place, elsewhere as a plain line every five seconds and at the end of each phase. */
export function createProgressBar(screen: ProgressScreen, now: () => number): ProgressBar {
  let phase: string | null = null;
  let began = 0; // ms, when the phase began
  let first = 0; // units done at the first report of the phase
  let shown = -Infinity; // ms, last redraw
  let last: string | null = null; // text of the phase that is not shown yet
  const flush = (): void => {
    if (last !== null) screen.write(screen.isTTY ? `\r\u001b[K${last}` : `${last}\n`);
    last = null;
    if (screen.isTTY && phase !== null) screen.write("\n");
  };
  return {
    update(progress) {
      const time = now();
      if (progress.phase !== phase) {
        flush();
        phase = progress.phase;
        began = time;
        first = progress.done;
        shown = screen.isTTY ? -Infinity : time;
      }
      const text = progressLine(progress, (time - began) / 1000, progress.done - first, screen.columns);
      const finished = progress.total !== null && progress.done >= progress.total;
      if (time - shown < (screen.isTTY ? TERMINAL_INTERVAL : PLAIN_INTERVAL) && !(finished && screen.isTTY)) {
        last = text;
        return;
      }
      screen.write(screen.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
      shown = time;
      last = null;
    },
    close() {
      flush();
      phase = null;
    },
  };
}

/** One line of progress: phase, bar, counts, rate, time left, figures; never wider than the screen. */
export function progressLine(progress: Progress, seconds: number, doneSince: number, columns: number): string {
  const { phase, done, total, figures } = progress;
  const barWidth = columns < WIDE ? 12 : 24;
  const rate = seconds > 0 && doneSince > 0 ? doneSince / seconds : null;
  const parts: string[] = [];
  if (total !== null && total > 0) {
    const share = Math.min(1, done / total);
    const filled = Math.round(share * barWidth);
    parts.push(
      `[${"#".repeat(filled)}${".".repeat(barWidth - filled)}] ${String(Math.floor(100 * share)).padStart(3)} %`,
      `${done}/${total}`,
    );
  } else if (done > 0) {
    parts.push(String(done));
  }
  if (rate !== null) {
    parts.push(`${formatNumber(rate, 2)}/s`);
    if (total !== null && done < total) parts.push(`${duration((total - done) / rate)} left`);
    else parts.push(`in ${duration(seconds)}`);
  }
  for (const [name, value] of Object.entries(figures ?? {})) parts.push(`${name} ${formatNumber(value, 3)}`);
  const line = parts.length === 0 ? phase : `${phase.padEnd(columns < WIDE ? 22 : 32)} ${parts.join("  ")}`;
  return [...visibleText(line)].slice(0, Math.max(20, columns - 1)).join("");
}

/** Seconds in words: "8 s", "2 min 5 s", "1 h 3 min". */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
