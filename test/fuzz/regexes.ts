// Every regular expression literal of the sources, and texts that are the worst for it: what repeats in it, over and over,
// and then an end that does not fit.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

export interface Literal {
  /** File and line. */
  readonly where: string;
  readonly regex: RegExp;
}

/** All literals of the sources; a new one takes part by itself. */
export function literals(): Literal[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest);
      const found: Literal[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isRegularExpressionLiteral(node)) {
          const [, pattern = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? [];
          const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
          found.push({ where: `src/${file}:${line} ${node.text}`, regex: new RegExp(pattern, flags) });
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
      return found;
    });
}

/** What may repeat in a text for an expression: its own words and characters, and one of each class. */
export function repeated({ source }: RegExp): string[] {
  const plain = source.replace(
    /\\[pPuxk](?:\{[^}]*\}|[0-9a-f]{2,4})?|\\[wWdDsSbBnrt]|\(\?<?[:=!]|[()[\]{}?*+|^$.]/g,
    ' ',
  );
  const words = plain
    .replaceAll('\\', '')
    .split(' ')
    .filter((word) => word !== '');
  const characters = [...new Set(words.join(''))];
  const classes = [
    'a',
    'A',
    '0',
    'f',
    ' ',
    '\t',
    '\n',
    '-',
    '_',
    '.',
    '/',
    ':',
    '=',
    '%',
    '#',
    '"',
    '\\',
    '\u200b',
    'é',
    '${',
    '{{',
    '::',
    'a ',
    'a.',
    'a-',
    'a:',
    '0 ',
    '00 ',
  ];
  return [...new Set([...words, ...characters, ...classes])];
}

/** Ends and beginnings around what repeats. */
export const ENDS = ['', '\u0000', '!', '\n', ' x'];
export const BEGINNINGS = ['', 'a', '-----BEGIN ', '${', 'https://', '::'];
