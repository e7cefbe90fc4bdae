import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Host } from "../../src/cli/host.js";
import { runJob } from "../../src/cli/job.js";
import { run } from "../../src/cli/run.js";

/** What a run of the command left behind. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of a test run. */
export interface CommandSettings {
  /** Calls the interrupt handler at this many progress reports. */
  readonly interruptAfter?: number;
  /** Whether stderr is a terminal. */
  readonly terminal?: boolean;
}

/** Runs the command in this process with streams of its own; jobs run in this thread. */
export async function runCommand(words: readonly string[], settings: CommandSettings = {}): Promise<CommandOutcome> {
  let stdout = "";
  let stderr = "";
  let interrupt: (() => void) | null = null;
  let reports = 0;
  let clock = 0;
  const host: Host = {
    stdout: { write: (text) => void (stdout += text), isTTY: false, columns: 100 },
    stderr: { write: (text) => void (stderr += text), isTTY: settings.terminal === true, columns: 100 },
    now: () => (clock += 10),
    onInterrupt: (handler) => {
      interrupt = handler;
      return () => (interrupt = null);
    },
    execute: async (job, { onProgress, cancelled }) =>
      runJob(job, {
        signal: {
          get aborted() {
            return cancelled();
          },
        },
        onProgress: (progress) => {
          reports += 1;
          if (reports === settings.interruptAfter) interrupt?.();
          onProgress(progress);
        },
        now: () => (clock += 10),
      }),
    versions: { eigenscope: "0.0.0-test", node: "v0" },
  };
  const code = await run(words, host);
  return { code, stdout, stderr };
}

const folders: string[] = [];

/** A fresh folder that is removed when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "eigenscope-test-"));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
