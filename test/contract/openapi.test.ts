// docs/openapi.yaml by itself: that it is valid, complete and marked, and that its
// examples are as it says.
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { operationIds } from '../support/calls.ts';
import { api } from '../support/openapi.ts';
import { isRecord, type Json, pointed, record } from '../support/openapi-document.ts';

const { raw, resolved, operations, compile } = api();
const MARKS = ['documented', 'observed', 'assumed'];
const ERRORS = ['400', '402', '403', '404', '409', '429', '500', '502', '503', '504'];

/** Every mapping in the tree, with the way to it. */
function* mappings(node: unknown, way = '#'): Generator<[string, Json]> {
  if (Array.isArray(node)) for (const [at, item] of node.entries()) yield* mappings(item, `${way}/${at}`);
  if (!isRecord(node)) return;
  yield [way, node];
  for (const [key, value] of Object.entries(node))
    yield* mappings(value, `${way}/${key.replaceAll('/', '~1')}`);
}

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(raw));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(raw.openapi).toMatch(/^3\.1\./);
  });

  it('has no reference that leads nowhere, and no component that nothing refers to', () => {
    const refs = [...mappings(raw)].flatMap(([, node]) => (typeof node.$ref === 'string' ? [node.$ref] : []));
    for (const ref of refs) expect(pointed(raw, ref)).toBeDefined();
    const components = record(raw.components, 'components');
    const made = ['parameters', 'headers', 'responses', 'schemas'].flatMap((kind) =>
      Object.keys(record(components[kind], kind)).map((name) => `#/components/${kind}/${name}`),
    );
    expect(made.filter((name) => !refs.includes(name))).toEqual([]);
  });

  it.each(operationIds)('has %s, or what it is served as', (id) => {
    const served = id === 'apiKeyPolicy.get' ? 'accounts.get' : id;
    expect(operations.map((each) => each.id)).toContain(served);
  });

  it.each(operations)('$id is marked, and has one success and every documented error', (operation) => {
    expect(MARKS).toContain(operation.provenance);
    const statuses = [...operation.responses.keys()];
    expect(statuses.filter((status) => status.startsWith('2'))).toHaveLength(1);
    expect(statuses).toEqual(expect.arrayContaining(ERRORS));
    expect(statuses.includes('401')).toBe(operation.secured);
  });

  it('has no mark but the three', () => {
    const marks = [...mappings(raw)].flatMap(([way, node]) =>
      'x-provenance' in node ? [[way, node['x-provenance']] as const] : [],
    );
    expect(marks.filter(([, mark]) => !MARKS.some((each) => each === mark))).toEqual([]);
  });

  it('has examples that are as their schemas say', () => {
    let seen = 0;
    for (const [way, node] of mappings(resolved)) {
      if (!('example' in node) || !isRecord(node.schema)) continue;
      seen += 1;
      const validate = compile(node.schema);
      validate(node.example);
      expect(validate.errors, way).toBeNull();
    }
    expect(seen).toBeGreaterThan(200);
  });

  it('has an example for every success that has a body and for every request with a body', () => {
    const bodies = [...mappings(resolved)].flatMap(([way, node]) => {
      const media = isRecord(node.content) ? node.content['application/json'] : undefined;
      return isRecord(media) && !('example' in media) ? [way] : [];
    });
    expect(bodies).toEqual([]);
  });

  it('shows no key or secret but such as are clearly made up', () => {
    const hex = JSON.stringify(raw).match(/[0-9a-f]{24,}/g) ?? [];
    expect(hex.length).toBeGreaterThan(0);
    const madeUp = /^(facade){3}|^7e57ed5ecade((facade){10}|(decade){10})$/;
    expect(hex.filter((text) => !madeUp.test(text))).toEqual([]);
  });
});
