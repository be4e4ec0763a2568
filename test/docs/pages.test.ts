// The pages tell what the code does: tables that repeat it are held against it, and every link leads somewhere.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as everything from 'blazemeter-client';
import { operations } from 'blazemeter-client';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { apiPage } from '../../scripts/api-page.mjs';
import { root } from '../support/examples.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('docs', name).replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.md') && !name.startsWith('docs/site/')),
];

/** What follows a heading, up to the next one. */
function section(page: string, heading: string): string {
  const after = read(page).split(`\n${heading}\n`)[1];
  if (after === undefined) throw new Error(`${page} has no heading "${heading}".`);
  return after.split(/\n#+ /)[0] ?? '';
}

/** The first cells of a table, without their marks. */
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');

/** The names of the errors that the package can throw. */
const errorNames = Object.entries(everything)
  .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error)
  .map(([name]) => name)
  .filter((name) => name !== 'BlazeMeterError');

/** The fields of an interface, as its source names them. */
function fieldsOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
  const found = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error(`${file} has no ${name}.`);
  return found.members.flatMap(({ name: field }) =>
    field !== undefined && ts.isIdentifier(field) ? [field.text] : [],
  );
}

describe('the README', () => {
  const text = read('README.md');

  it('has at most 150 lines', () => {
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(150);
  });

  it('says of every sample in which file it runs', () => {
    const samples = [...text.matchAll(/^```ts\n(.+)$/gm)].map((match) => match[1]);
    expect(samples.length).toBeGreaterThanOrEqual(5);
    for (const first of samples) expect(first).toMatch(/^\/\/ [\w-]+(\.test)?\.mjs\b/);
  });
});

describe('the guides', () => {
  const words = (file: string): number => read(file).split(/\s+/).filter(Boolean).length;

  // docs/api-knowledge.md is a reference, generated in part.
  it('have at most 1,500 words each', () => {
    const guides = pages.filter(
      (file) => /^docs\/[\w-]+\.md$/.test(file) && file !== 'docs/api-knowledge.md',
    );
    expect(guides.length).toBeGreaterThan(20);
    expect(guides.map((file) => [file, words(file)]).filter(([, count]) => Number(count) > 1_500)).toEqual(
      [],
    );
  });
});

describe('docs/client.md', () => {
  it('lists every option of the client', () => {
    expect(firstCells(section('docs/client.md', '## Options'))).toEqual(
      fieldsOf('src/client.ts', 'ClientOptions'),
    );
  });
});

describe('docs/errors.md', () => {
  const page = read('docs/errors.md');
  const rows = [...page.matchAll(/^\| \[`(\w+)`\]\(error-classes\.md#\w+\) \| `(\w+…?)` \|/gm)].map(
    ([, name = '', code = '']) => ({ name, code }),
  );

  it('has a row for every error, and docs/error-classes.md a section', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...errorNames].sort());
    const sections = [...read('docs/error-classes.md').matchAll(/^### (\w+)$/gm)].map(
      ([, name = '']) => name,
    );
    expect(sections.sort()).toEqual([...errorNames].sort());
  });

  it.each(rows)('names the code of $name', ({ name, code }) => {
    const source = ['api', 'call', 'new-secret', 'rotation']
      .map((family) => read(`src/errors/${family}.ts`))
      .join('\n');
    const own = source.split(`export class ${name} extends `)[1]?.split('\nbranded(')[0];
    // An error with many codes that begin alike says so with an ellipsis.
    if (code.endsWith('…')) expect(source).toContain(`'${code.slice(0, -1)}`);
    else expect(own).toContain(` = '${code}'`);
  });
});

describe('docs/api-knowledge.md', () => {
  const page = read('docs/api-knowledge.md');

  it.each(Object.entries(operations))('has %s as it is in the table', (id, { method, path, provenance }) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${id}\` |`));
    expect(row).toContain(`\`${method} ${path}\``);
    expect(row?.split('|')[3]?.replaceAll('*', '').trim()).toBe(provenance);
  });

  it('has a rule for each of the points on which BlazeMeter is silent', () => {
    const points = [...page.matchAll(/^\| S(\d+) \|/gm)].map((match) => Number(match[1]));
    expect(points).toEqual(Array.from({ length: 21 }, (_, at) => at + 1));
  });
});

describe('docs/client.md', () => {
  it('says of every operation when it is sent again', () => {
    const [, always = '', otherSigner = '', unsent = ''] =
      section('docs/client.md', '## Retries').match(/^\| reads, (.*?) \|.*\n\| (.*?) \|.*\n\| (.*?) \|/m) ??
      [];
    const named = (cell: string) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, id]) => id);
    const withReplay = (wanted: string) =>
      Object.entries(operations)
        .filter(([, { method, replay }]) => method !== 'GET' && replay === wanted)
        .map(([id]) => id);
    expect(named(always).sort()).toEqual(withReplay('safe').sort());
    expect(named(otherSigner)).toEqual(withReplay('other-signer'));
    expect(named(unsent)).toEqual(withReplay('never'));
  });
});

describe('the site', () => {
  it('lists every method as the sources have it', () => {
    const page = apiPage();
    expect(read('docs/api.md'), 'node scripts/api-page.mjs').toBe(page);
    expect(page).toContain('`client.apiKeys.create(input: CreateApiKeyInput, options?: CallOptions)');
  });

  it.each(Object.keys(operations))('describes the method of %s', (id) => {
    // A method without a description is left out of the page.
    expect(read('docs/api.md')).toMatch(new RegExp(`client\\.(?:accounts\\.)?${id}\\(`));
  });

  it('has every page of docs/', () => {
    const listed: string[] = JSON.parse(read('typedoc.json')).projectDocuments;
    const shown = listed.map((glob) => {
      const pattern = glob
        .replaceAll('.', '\\.')
        .replaceAll('*', '[^/]*')
        .replace(/\{(.*)\}/, (_, names: string) => `(?:${names.replaceAll(',', '|')})`);
      return new RegExp(`^${pattern}$`);
    });
    const missing = pages.filter((page) => page !== 'README.md' && !shown.some((glob) => glob.test(page)));
    expect(missing).toEqual([]);
  });
});

describe('docs/decisions', () => {
  it('are all in their index', () => {
    const files = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name));
    const listed = [...read('docs/decisions/README.md').matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g)].map(
      ([, name]) => name,
    );
    expect(listed).toEqual(files.sort());
  });
});

describe('links', () => {
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
  const anchors = (file: string): string[] =>
    file.endsWith('.html')
      ? [...read(file).matchAll(/\bid="([^"]+)"/g)].map((match) => match[1] ?? '')
      : [...read(file).matchAll(/^#+ (.+)$/gm)].map((match) => slug(match[1] ?? ''));

  it.each(pages)('of %s lead somewhere', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const broken = targets.filter((target) => {
      if (/^https:\/\//.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return (
        anchor !== undefined && (!statSync(join(root, file)).isFile() || !anchors(file).includes(anchor))
      );
    });
    expect(broken).toEqual([]);
  });
});
