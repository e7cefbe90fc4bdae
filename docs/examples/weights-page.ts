// The script of weights-page.html. It runs twice: in the page, where it shows things, and in a worker, where it computes.
import { analyzeCheckpoint, compareCheckpoints } from "eigenscope/checkpoints";
import { createRng } from "eigenscope/random";
import { htmlReport } from "eigenscope/report";
import { weightsCsv, weightsJson, weightsReport } from "eigenscope/studies";

/** What the page asks of the worker. */
interface Request {
  readonly files: readonly File[];
  readonly other: readonly File[];
  readonly layout: "auto" | "out-in" | "in-out";
  readonly seed: number;
  readonly inputSize: number;
}

/** What the worker answers, the last being a result or an error. */
type Answer =
  | { readonly kind: "progress"; readonly phase: string; readonly done: number; readonly total: number }
  | {
      readonly kind: "result";
      readonly html: string;
      readonly json: string;
      readonly csv: string;
      readonly seconds: number;
    }
  | { readonly kind: "error"; readonly message: string };

interface WorkerScope {
  postMessage(answer: Answer): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}

if (typeof document === "undefined") serve(globalThis as unknown as WorkerScope);
else showPage();

function serve(scope: WorkerScope): void {
  scope.onmessage = async ({ data }) => {
    try {
      scope.postMessage(
        await analyse(data, (phase, done, total) => scope.postMessage({ kind: "progress", phase, done, total })),
      );
    } catch (error) {
      scope.postMessage({ kind: "error", message: error instanceof Error ? error.message : String(error) });
    }
  };
}

async function analyse(
  { files, other, layout, seed, inputSize }: Request,
  show: (phase: string, done: number, total: number) => void,
): Promise<Answer> {
  const began = performance.now();
  const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number | null }): void =>
    show(phase, done, total ?? 0);
  const report = await analyzeCheckpoint(files, {
    rng: createRng(seed),
    layout,
    convolution: { inputSize },
    phaseLimit: 600_000,
    onProgress,
  });
  const comparison = other.length === 0 ? null : await compareCheckpoints(files, other, { layout, onProgress });
  const seconds = (performance.now() - began) / 1000;
  const words = (list: readonly File[]): string =>
    list.map(({ name, size }) => `${name} (${size.toLocaleString("en-US")} bytes)`).join(", ");
  const provenance = {
    program: "weights page",
    seed,
    options: { layout, inputSize, phaseLimit: 600_000 },
    versions: {},
    input: `${words(files)}${other.length === 0 ? "" : `; compared with ${words(other)}`}`,
  };
  const result = { report, comparison, gate: [] };
  return {
    kind: "result",
    html: htmlReport(weightsReport(result, provenance, { wallTimes: { weights: seconds } })),
    json: weightsJson(result, provenance, { weights: seconds }),
    csv: weightsCsv(result),
    seconds,
  };
}

function showPage(): void {
  const source = document.currentScript?.textContent ?? "";
  const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
  const drop = byId("drop");
  const input = byId<HTMLInputElement>("files");
  const status = byId("status");
  const bar = byId<HTMLProgressElement>("progress");
  const links = byId("links");
  const frame = byId<HTMLIFrameElement>("report");
  const workerAddress = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  let worker: Worker | null = null;
  let addresses: string[] = [];

  const say = (text: string, isError = false): void => {
    status.textContent = text;
    status.classList.toggle("error", isError);
  };

  const offer = (name: string, type: string, text: string): HTMLAnchorElement => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.textContent = name;
    addresses.push(link.href);
    return link;
  };

  const finish = (answer: Answer): void => {
    bar.hidden = true;
    worker?.terminate();
    worker = null;
    if (answer.kind === "error") return say(answer.message, true);
    if (answer.kind !== "result") return;
    say(`Done in ${answer.seconds.toFixed(1)} s.`);
    links.replaceChildren(
      offer("weights.html", "text/html", answer.html),
      offer("weights.json", "application/json", answer.json),
      offer("weights.csv", "text/csv", answer.csv),
    );
    frame.hidden = false;
    frame.onload = () => {
      const root = frame.contentDocument?.documentElement;
      if (root) frame.style.height = `${root.scrollHeight}px`;
    };
    frame.srcdoc = answer.html;
  };

  const run = (list: FileList | null): void => {
    // An index only says which shard holds what; the shards themselves say that too.
    const files = Array.from(list ?? []).filter((file) => !file.name.endsWith(".json"));
    if (files.length === 0) return;
    worker?.terminate();
    for (const address of addresses) URL.revokeObjectURL(address);
    addresses = [];
    links.replaceChildren();
    frame.hidden = true;
    bar.hidden = false;
    bar.removeAttribute("value");
    say(`Reading ${files.map((file) => file.name).join(", ")} …`);
    worker = new Worker(workerAddress);
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind !== "progress") return finish(data);
      bar.max = Math.max(1, data.total);
      bar.value = data.done;
      say(`${data.phase}: ${Math.floor((100 * data.done) / Math.max(1, data.total))} %`);
    };
    worker.onerror = (event) => finish({ kind: "error", message: event.message });
    worker.postMessage({
      files,
      other: Array.from(byId<HTMLInputElement>("other").files ?? []).filter((file) => !file.name.endsWith(".json")),
      layout: byId<HTMLSelectElement>("layout").value as Request["layout"],
      seed: Math.max(0, Math.floor(Number(byId<HTMLInputElement>("seed").value)) || 0),
      inputSize: Math.max(1, Math.floor(Number(byId<HTMLInputElement>("input-size").value)) || 16),
    } satisfies Request);
  };

  input.addEventListener("change", () => run(input.files));
  // A file that misses the field must not replace the page.
  for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    run(event.dataTransfer?.files ?? null);
  });
}
