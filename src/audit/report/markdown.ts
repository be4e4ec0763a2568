// A report as Markdown, for the summary of a CI job: within its size limit, and without markup from outside.

import * as z from 'zod/mini';
import { parseOptions } from '../../util/options.ts';
import { type Cell, contentOf, type Report } from './content.ts';

/** Options of `toMarkdown`. */
export interface MarkdownOptions {
  /** The most bytes: what does not fit is counted. Default: 1 000 000, as GitHub takes 1 MiB for each step. */
  readonly maxBytes?: number | undefined;
}

const MOST = 1_000_000;
const LEAST = 4_096;
const SIZE = `a whole number, ${LEAST} or more`;
const OPTIONS = { maxBytes: z.int(SIZE).check(z.gte(LEAST, SIZE)) };

/** Markup in Markdown or HTML, and what GitHub turns into a link. */
const MARKUP = /[&<>`*_[\]#~|\\@$]|:(?=[/:])|(?<=mailto|xmpp):|(?<=www)\./gi;

/**
 * Text that stays text: possible markup becomes a numeric character reference. An e-mail address is not linked, because its
 * `@` is in an element of its own.
 */
const escapedMarkdown = (text: string): string =>
  text.replace(MARKUP, (character) => {
    const reference = `&#${character.charCodeAt(0)};`;
    return character === '@' ? `<span>${reference}</span>` : reference;
  });

const cell = ({ text, code = false }: Cell): string =>
  code ? `<code>${escapedMarkdown(text)}</code>` : escapedMarkdown(text);

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const encoder = new TextEncoder();
const bytesOf = (text: string): number => encoder.encode(text).length;

/**
 * A report as Markdown: append it to the file that `GITHUB_STEP_SUMMARY` names, or show it in a comment. Names from
 * outside are neither links, mentions, markup nor HTML there.
 *
 * @example
 * ```ts
 * import { appendFile } from 'node:fs/promises';
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { audit, toMarkdown } from 'blazemeter-client/audit';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const summary = process.env.GITHUB_STEP_SUMMARY;
 * if (summary !== undefined) await appendFile(summary, toMarkdown(await audit(client)));
 * ```
 */
export function toMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const { maxBytes = MOST } = parseOptions('toMarkdown', OPTIONS, options);
  const { title, head, columns, rows, sections } = contentOf(report);
  // What is left out is counted in a line of its own, for which space is reserved.
  let left = maxBytes - 512;
  const lines: string[] = [];
  const add = (...more: readonly string[]): boolean => {
    const size = more.reduce((sum, line) => sum + bytesOf(line) + 1, 0);
    if (size > left) return false;
    left -= size;
    lines.push(...more);
    return true;
  };
  const addAll = (what: string, items: readonly string[]): void => {
    const missing = items.findIndex((item) => !add(item));
    if (missing >= 0) lines.push('', `${items.length - missing} more ${what} do not fit here.`);
  };

  add(`## ${escapedMarkdown(title)}`, '');
  for (const line of head) add(escapedMarkdown(line), '');
  if (rows.length > 0) {
    add('', row(columns.map(escapedMarkdown)), row(columns.map(() => '---')));
    // The sections after the table are short, and matter more than the last of a thousand rows.
    const kept = Math.min(Math.floor(left / 2), 64 * 1024);
    left -= kept;
    addAll(
      'rows',
      rows.map((cells) => row(cells.map(cell))),
    );
    left += kept;
  }
  for (const { title: heading, items } of sections) {
    if (items.length === 0 || !add('', `### ${escapedMarkdown(heading)}`, '')) continue;
    addAll(
      'items',
      items.map((item) => `- ${escapedMarkdown(item)}`),
    );
  }
  return `${lines.join('\n')}\n`;
}
