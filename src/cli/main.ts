import { readFileSync } from "node:fs";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import type { Progress } from "../core/index.js";
import { routinesBackend } from "../routines/index.js";
import type { Host } from "./host.js";
import { type Job, type JobResult, runJob } from "./job.js";
import { run } from "./run.js";

/** What the worker thread is started with. */
interface WorkerInput {
  readonly job: Job;
  /** One 32-bit word, not zero once the user has interrupted: a computing thread reads no messages. */
  readonly flag: SharedArrayBuffer;
}

/** What the worker thread sends. */
type WorkerMessage = { readonly progress: Progress } | { readonly result: JobResult };

const PLAIN_COLUMNS = 120; // width of text where there is no terminal, or one that calls its width 0

const PROGRESS_INTERVAL = 50; // ms between messages: a fast loop must not flood the other thread

/** The worker thread: computes without a pause and looks at the flag between units of work. */
async function serveJob(): Promise<void> {
  const { job, flag } = workerData as WorkerInput;
  const word = new Int32Array(flag);
  let sent = -Infinity;
  let phase = "";
  const result = await runJob(job, {
    signal: {
      get aborted() {
        return Atomics.load(word, 0) !== 0;
      },
    },
    onProgress: (progress) => {
      const time = performance.now();
      const finished = progress.total !== null && progress.done >= progress.total;
      if (progress.phase === phase && time - sent < PROGRESS_INTERVAL && !finished) return;
      phase = progress.phase;
      sent = time;
      parentPort?.postMessage({ progress } satisfies WorkerMessage);
    },
    now: () => performance.now(),
  });
  parentPort?.postMessage({ result } satisfies WorkerMessage);
}

/** Runs a job in a worker thread, so that this one can show progress and hear Ctrl-C. */
const execute: Host["execute"] = (job, { onProgress, cancelled }) =>
  new Promise<JobResult>((resolve, reject) => {
    const flag = new SharedArrayBuffer(4);
    const worker = new Worker(new URL(import.meta.url), { workerData: { job, flag } satisfies WorkerInput });
    const watch = setInterval(() => {
      if (cancelled()) Atomics.store(new Int32Array(flag), 0, 1);
    }, 20);
    const end = (act: () => void): void => {
      clearInterval(watch);
      act();
    };
    let result: JobResult | null = null;
    worker.on("message", (message: WorkerMessage) => {
      if ("progress" in message) onProgress(message.progress);
      else result = message.result;
    });
    worker.on("error", (error) => end(() => reject(error)));
    worker.on("exit", (code) =>
      end(() =>
        result === null
          ? reject(new Error(`the worker thread ended with code ${code} and no result`))
          : resolve(result),
      ),
    );
  });

/** The first interrupt asks for a clean stop; the second ends the process, as if nobody listened. */
function onInterrupt(handler: () => void): () => void {
  const listener = (): void => {
    process.removeListener("SIGINT", listener);
    process.removeListener("SIGTERM", listener);
    handler();
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return () => {
    process.removeListener("SIGINT", listener);
    process.removeListener("SIGTERM", listener);
  };
}

function screenOf(stream: NodeJS.WriteStream): Host["stdout"] {
  // A reader that went away (`| head`) is no error of ours.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    columns: stream.columns || PLAIN_COLUMNS,
  };
}

function libraryVersion(): string {
  // Beside dist/cli in the package and beside src/cli in the repository.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

if (isMainThread) {
  const host: Host = {
    stdout: screenOf(process.stdout),
    stderr: screenOf(process.stderr),
    now: () => performance.now(),
    onInterrupt,
    execute,
    // The back ends agree bit for bit except in FFTs, whose last digits differ: it belongs to what computed.
    versions: { eigenscope: libraryVersion(), node: process.version, routines: routinesBackend() },
  };
  process.exitCode = await run(process.argv.slice(2), host);
} else {
  await serveJob();
}
