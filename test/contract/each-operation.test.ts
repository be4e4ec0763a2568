// The suites to read first have a section for each operation.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { operationIds } from '../support/calls.ts';

const folder = new URL('./', import.meta.url);
const sections = readdirSync(folder)
  .filter((name) => name.endsWith('.msw.test.ts'))
  .flatMap((name) => [...readFileSync(new URL(name, folder), 'utf8').matchAll(/^describe\('([\w.]+)'/gm)])
  .map(([, name]) => name);

it.each(operationIds)('%s has a section in *.msw.test.ts', (id) => {
  expect(sections.map((name) => name?.replace('accounts.apiKeyPolicy', 'apiKeyPolicy'))).toContain(id);
});
