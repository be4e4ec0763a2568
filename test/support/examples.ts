// Finding the examples that readers copy: every ts and js block of the README, of docs/ and of the TSDoc in src/.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A block of code that readers may copy. */
export interface Example {
  /** The file, and the line of its first line of code. */
  readonly where: string;
  readonly language: 'ts' | 'js';
  readonly code: string;
  /** `false` for blocks marked `no-run`, which cannot run here. They are type-checked all the same. */
  readonly runs: boolean;
}

/** Takes the blocks out of lines. A line that is not of the text, such as code between two comments, is `undefined`. */
function blocks(lines: readonly (string | undefined)[], file: string): Example[] {
  const found: Example[] = [];
  let open: { readonly at: number; readonly info: string; readonly code: string[] } | undefined;
  for (const [at, line] of lines.entries()) {
    const fence = /^\s*```(.*)$/.exec(line ?? '')?.[1];
    if (open === undefined) {
      if (fence !== undefined) open = { at, info: fence.trim(), code: [] };
    } else if (fence === undefined && line !== undefined) {
      open.code.push(line);
    } else {
      if (fence !== '') throw new Error(`${file}:${open.at + 1}: the block does not end.`);
      const [language = '', ...marks] = open.info.split(/\s+/);
      if (language === 'ts' || language === 'js') {
        const unknown = marks.find((mark) => mark !== 'no-run');
        if (unknown !== undefined) throw new Error(`${file}:${open.at + 1}: unknown mark "${unknown}".`);
        const where = `${file}:${open.at + 2}`;
        found.push({ where, language, code: open.code.join('\n'), runs: marks.length === 0 });
      } else if (/^(?:typescript|javascript|[mc]?[jt]sx?)$/i.test(language)) {
        throw new Error(`${file}:${open.at + 1}: write ts or js, so that the block is tested.`);
      }
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.at + 1}: the block does not end.`);
  return found;
}

/** The examples in a page of Markdown. */
export const examplesInMarkdown = (text: string, file: string): Example[] => blocks(text.split('\n'), file);

/** The examples in the doc comments of a source file. */
export const examplesInSource = (text: string, file: string): Example[] =>
  blocks(
    text
      .split('\n')
      .map((line) => /^\s*\*(?: (.*)|$)/.exec(line)?.[1] ?? (/^\s*\*$/.test(line) ? '' : undefined)),
    file,
  );

function files(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.startsWith('site'))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .sort();
}

/** All examples of the repository. */
export function findExamples(): Example[] {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  return [
    ...['README.md', 'CONTRIBUTING.md', ...files('docs', '.md')].flatMap((file) =>
      examplesInMarkdown(read(file), file),
    ),
    ...files('src', '.ts').flatMap((file) => examplesInSource(read(file), file)),
  ];
}

/** What an example says that it prints, in comments behind `console.log`, and did not print. `…` stands for anything. */
export function unkeptPromises(code: string, printed: string): string[] {
  return code.split('\n').flatMap((line) => {
    const promise = /console\.log\(.*\);? *\/\/ (.+)$/.exec(line)?.[1]?.trim();
    if (promise === undefined) return [];
    const pattern = promise.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return new RegExp(`^${pattern.join('.*')}$`, 'm').test(printed) ? [] : [promise];
  });
}
