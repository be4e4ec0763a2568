// What readers copy works: every example of the README, of docs/ and of the TSDoc is type-checked and run with the packed
// package, and held against what it says it prints.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Example,
  examplesInMarkdown,
  examplesInSource,
  findExamples,
  unkeptPromises,
} from '../support/examples.ts';
import { openWorkshop, type Workshop } from '../support/run-examples.ts';

const examples = findExamples();
const runnable = examples.filter((example) => example.runs);

describe('the examples', () => {
  let workshop: Workshop;
  beforeAll(async () => {
    workshop = openWorkshop(examples);
    await workshop.install();
  });
  afterAll(() => workshop.close());

  it('stand in the README, in docs/ and in the sources', () => {
    const begin = (start: string) => examples.filter(({ where }) => where.startsWith(start)).length;
    expect(begin('README.md')).toBeGreaterThanOrEqual(5);
    expect(begin('docs/')).toBeGreaterThan(5);
    expect(begin('src/')).toBeGreaterThan(20);
  });

  it('fit the types of the packed package', { timeout: 180_000 }, () => {
    expect(workshop.check()).toEqual([]);
  });

  it('run, but for the few that need a proxy, a key or the service', () => {
    expect(examples.filter((example) => !example.runs).length).toBeLessThan(examples.length / 10);
  });

  it.for(runnable)('$where runs and prints what it says', { timeout: 60_000 }, async (example) => {
    const { exitCode, printed, complaints } = await workshop.run(example);
    expect({ exitCode, complaints: exitCode === 0 ? '' : complaints }).toEqual({
      exitCode: 0,
      complaints: '',
    });
    expect(unkeptPromises(example.code, printed), `it printed:\n${printed}`).toEqual([]);
  });
});

describe('the first screen of the README', () => {
  it('shows the client, the signer and a test with msw, each in at most ten lines', () => {
    const [client, signer, test] = examples;
    expect(client?.code).toContain('client.apiKeys.create(');
    expect(client?.code).toContain('client.accounts.apiKeyPolicy.set(');
    expect(signer?.code).toContain('new RequestSigner(');
    expect(test?.code).toContain('handlers(reference)');
    for (const example of [client, signer, test]) {
      expect(Number(example?.where.split(':')[1])).toBeLessThan(60);
      const lines = example?.code.split('\n').filter((line) => line !== '' && !line.startsWith('import'));
      expect(lines?.length).toBeLessThanOrEqual(10);
    }
  });
});

describe('these tests', () => {
  const block = (code: string): Example => ({ where: 'x.md:1', language: 'ts', code, runs: true });

  it('find blocks in Markdown with their place and their mark', () => {
    const page = [
      '# Page',
      '```ts',
      'const a = 1;',
      '```',
      '```sh',
      'ls',
      '```',
      '```js no-run',
      'b();',
      '```',
    ];
    expect(examplesInMarkdown(page.join('\n'), 'p.md')).toEqual([
      { where: 'p.md:3', language: 'ts', code: 'const a = 1;', runs: true },
      { where: 'p.md:9', language: 'js', code: 'b();', runs: false },
    ]);
  });

  it('find blocks in doc comments, blank lines included', () => {
    const source = [
      '/**',
      ' * Does.',
      ' * @example',
      ' * ```ts',
      ' * a();',
      ' *',
      ' *   b();',
      ' * ```',
      ' */',
    ];
    expect(examplesInSource(source.join('\n'), 's.ts')).toEqual([
      { where: 's.ts:5', language: 'ts', code: 'a();\n\n  b();', runs: true },
    ]);
  });

  it.each([
    ['an unknown mark', '```ts norun\na();\n```'],
    ['a block that does not end', '```ts\na();'],
    ['a name of the language that would leave it out', '```typescript\na();\n```'],
  ])('refuse %s', (_, page) => {
    expect(() => examplesInMarkdown(page, 'p.md')).toThrow(/^p\.md:1: /);
  });

  it('see a type error, a program that fails, and a promise that is not kept', async () => {
    const wrong = block("import { VERSION } from 'blazemeter-client';\nconst version: number = VERSION;");
    const failing = block('await Promise.reject(new Error("no"));');
    const fetching = block("await fetch('https://a.blazemeter.com/');");
    const all = openWorkshop([wrong, failing, fetching]);
    try {
      await all.install();
      expect(all.check()).toEqual([expect.stringMatching(/line 2 of the block.*not assignable/)]);
      expect((await all.run(failing)).exitCode).toBe(1);
      expect((await all.run(fetching)).complaints).toContain('wants to reach a.blazemeter.com');
    } finally {
      all.close();
    }
    expect(unkeptPromises('console.log(a); // 1 … 3', '0\n1 2 3\n')).toEqual([]);
    expect(unkeptPromises('console.log(a); // 1 … 3', '1 2 4\n')).toEqual(['1 … 3']);
  });
});
