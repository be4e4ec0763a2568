// Files that a command line names: read within a bound, and complained about by their path, never by what is in them.

import { closeSync, openSync, readSync } from 'node:fs';
import { harmless } from '../util/printable.ts';

/** A file that cannot be used. The message names the option and the path. */
export class FileProblem extends Error {
  constructor(option: string, path: string, problem: string) {
    super(`${option} ${shownPath(path)}: ${problem}`);
    this.name = 'FileProblem';
  }
}

/** A path is what people need to find the file: it is shown in full, whatever is in it. */
export const shownPath = (path: string): string => harmless(path);

export const MIB = 1_048_576;

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  ENOTDIR: 'there is no such file.',
  EACCES: 'it may not be read.',
  EPERM: 'it may not be read.',
  EISDIR: 'it is a folder.',
};

/** The bytes of a file, or of a pipe, that holds no more than `most` of them. */
export function readBytes(option: string, path: string, most: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (;;) {
        const chunk = Buffer.allocUnsafe(65_536);
        const read = readSync(file, chunk);
        if (read === 0) break;
        length += read;
        if (length > most) break;
        chunks.push(chunk.subarray(0, read));
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new FileProblem(option, path, PROBLEMS[code] ?? `it cannot be read (${code || 'unknown error'}).`);
  }
  if (length > most) throw new FileProblem(option, path, `it is larger than ${most / MIB} MiB.`);
  return Buffer.concat(chunks);
}

/** The text of a file, without a byte-order mark. */
export function readText(option: string, path: string, most: number): string {
  const bytes = readBytes(option, path, most);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FileProblem(option, path, 'it is not text in UTF-8.');
  }
}

/** The value in a JSON file. A parser's own message would quote the file, so it is not passed on. */
export function readJson(option: string, path: string, most: number): unknown {
  const text = readText(option, path, most);
  try {
    return JSON.parse(text);
  } catch {
    throw new FileProblem(option, path, 'it is not valid JSON.');
  }
}
