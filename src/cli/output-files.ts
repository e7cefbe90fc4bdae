import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./usage-error.js";

/** Files to be written when the work is done; their places are tried before it begins. */
export interface OutputFiles {
  /** Reserves a place: makes its folder and tries a file there. Nothing stays while the work goes on, whatever ends it. */
  reserve(path: string): void;
  /** Writes the text under a temporary name and renames it: the target is whole or untouched. */
  write(path: string, text: string): void;
  /** Removes folders that were made for what was not written. */
  discard(): void;
}

/** Where an output goes. */
interface Place {
  /** The file itself, links followed. */
  readonly target: string;
  /** Written first and renamed; null for devices and pipes, which take the text themselves. */
  readonly temporary: string | null;
}

/**
 * Makes the keeper of a command's output files.
 *
 * @throws {UsageError} from `reserve` when a target is a folder, or its folder cannot be made or written
 */
export function createOutputFiles(): OutputFiles {
  const reserved = new Map<string, Place>();
  const madeFolders: string[] = [];
  return {
    reserve(path) {
      if (path === "-") {
        throw new UsageError('cannot write "-": only --json writes to standard output; expected the name of a file');
      }
      // Links are followed: what they point to is written, and they stay links.
      const target = existsSync(path) ? realpathSync(path) : resolve(path);
      if ([...reserved.values()].some((place) => place.target === target))
        throw new UsageError(`${path} is named for two outputs; expected different files`);
      const found = existsSync(target) ? statSync(target) : null;
      if (path.endsWith("/") || found?.isDirectory() === true) {
        throw new UsageError(`cannot write ${path}: it names a folder; expected the name of a file`);
      }
      try {
        if (found !== null && !found.isFile()) {
          reserved.set(path, { target, temporary: null }); // /dev/null or a pipe: a renamed file would replace it
          return;
        }
        madeFolders.push(...makeFolder(dirname(target)));
        const temporary = `${target}.${process.pid}.tmp`;
        closeSync(openSync(temporary, "wx"));
        rmSync(temporary);
        reserved.set(path, { target, temporary });
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code ?? String(error);
        throw new UsageError(`cannot write ${path}: ${reasonInWords(reason)}; expected a place that can be written`);
      }
    },
    write(path, text) {
      const place = reserved.get(path);
      if (place === undefined) throw new Error(`output ${path} was not reserved`);
      const { target, temporary } = place;
      try {
        writeFileSync(temporary ?? target, text, { flag: temporary === null ? "w" : "wx" });
        if (temporary !== null) renameSync(temporary, target);
      } catch (error) {
        if (temporary !== null) rmSync(temporary, { force: true });
        throw new UsageError(
          `cannot write ${path}: ${reasonInWords((error as NodeJS.ErrnoException).code ?? String(error))}`,
        );
      } finally {
        reserved.delete(path);
      }
    },
    discard() {
      reserved.clear();
      for (const folder of madeFolders.reverse()) {
        try {
          rmdirSync(folder);
        } catch {
          // Not empty: it holds results, or files of others.
        }
      }
      madeFolders.length = 0;
    },
  };
}

/** Makes a folder with its parents; returns those that were new, outermost first. */
function makeFolder(folder: string): string[] {
  const missing: string[] = [];
  for (let path = folder; !existsSync(path); path = dirname(path)) missing.unshift(path);
  // One by one: mkdir with `recursive` never returns where the system refuses new folders with ENOENT, as /proc does.
  for (const path of missing) mkdirSync(path);
  return missing;
}

function reasonInWords(code: string): string {
  const words: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EPERM: "not permitted",
    ENOTDIR: "a part of the path is a file, not a folder",
    EEXIST: "a part of the path is a file, not a folder",
    ENOENT: "the folder does not exist and cannot be made",
    EROFS: "the file system is read-only",
    ENOSPC: "no space left on the device",
    ENAMETOOLONG: "the name is too long",
  };
  return words[code] === undefined ? code : `${words[code]} (${code})`;
}
