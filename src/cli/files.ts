// Files that a command line names: errors name the option and the path, never what is in the file.

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { harmless } from '../util/printable.ts';

/** A file that cannot be used. */
export class FileProblem extends Error {
  constructor(option: string, path: string, problem: string) {
    super(`${option} ${harmless(path)}: ${problem}`);
    this.name = 'FileProblem';
  }
}

const MOST_MIB = 16;

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  ENOTDIR: 'there is no such file.',
  EACCES: 'it may not be read.',
  EPERM: 'it may not be read.',
};

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** The bytes of a regular file of 16 MiB at most: a pipe could block, and a device has no end. */
export function readBytes(option: string, path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw new FileProblem(option, path, 'it is a folder.');
    if (!stat.isFile()) throw new FileProblem(option, path, 'it is not a regular file.');
    if (stat.size > MOST_MIB * 1_048_576)
      throw new FileProblem(option, path, `it is larger than ${MOST_MIB} MiB.`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    const code = codeOf(error);
    throw new FileProblem(option, path, PROBLEMS[code] ?? `it cannot be read (${code || 'unknown error'}).`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The text of a file, without a byte-order mark. */
export function readText(option: string, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(option, path));
  } catch (error) {
    throw error instanceof FileProblem ? error : new FileProblem(option, path, 'it is not text in UTF-8.');
  }
}

/** The value in a JSON file. A parser's own message would quote the file, so it is not passed on. */
export function readJson(option: string, path: string): unknown {
  const text = readText(option, path);
  try {
    return JSON.parse(text);
  } catch {
    throw new FileProblem(option, path, 'it is not valid JSON.');
  }
}

/** What a module exports. */
export async function importModule(option: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  readBytes(option, path);
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const why = codeOf(error) || (error instanceof Error ? error.name : 'failed');
    throw new FileProblem(option, path, `it cannot be imported (${why}).`);
  }
}
