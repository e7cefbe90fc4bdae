import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./usage-error.js";

/** Files to be written when the work is done; their places are tried before it begins. */
export interface OutputFiles {
  /** Reserves a place: creates a temporary file beside the target, which shows that it can be written. */
  reserve(path: string): void;
  /** Writes the text under the temporary name and renames it: the target is whole or untouched. */
  write(path: string, text: string): void;
  /** Removes what was reserved and not written, and folders that were made for it. */
  discard(): void;
}

/**
 * Makes the keeper of a command's output files.
 *
 * @throws {UsageError} from `reserve` when a target is a folder, or its folder cannot be made or written
 */
export function createOutputFiles(): OutputFiles {
  const reserved = new Map<string, { readonly temporary: string; readonly descriptor: number }>();
  const madeFolders: string[] = [];
  return {
    reserve(path) {
      const target = resolve(path);
      if (reserved.has(target)) throw new UsageError(`${path} is named for two outputs; expected different files`);
      if (path.endsWith("/") || (existsSync(target) && statSync(target).isDirectory())) {
        throw new UsageError(`cannot write ${path}: it names a folder; expected the name of a file`);
      }
      try {
        madeFolders.push(...makeFolder(dirname(target)));
        const temporary = `${target}.${process.pid}.tmp`;
        reserved.set(target, { temporary, descriptor: openSync(temporary, "wx") });
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code ?? String(error);
        throw new UsageError(`cannot write ${path}: ${reasonInWords(reason)}; expected a place that can be written`);
      }
    },
    write(path, text) {
      const target = resolve(path);
      const place = reserved.get(target);
      if (place === undefined) throw new Error(`output ${path} was not reserved`);
      try {
        const bytes = Buffer.from(text, "utf8");
        for (let done = 0; done < bytes.length;) done += writeSync(place.descriptor, bytes, done);
        closeSync(place.descriptor);
        renameSync(place.temporary, target);
      } catch (error) {
        rmSync(place.temporary, { force: true });
        throw new UsageError(
          `cannot write ${path}: ${reasonInWords((error as NodeJS.ErrnoException).code ?? String(error))}`,
        );
      } finally {
        reserved.delete(target);
      }
    },
    discard() {
      for (const { temporary, descriptor } of reserved.values()) {
        closeSync(descriptor);
        rmSync(temporary, { force: true });
      }
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
