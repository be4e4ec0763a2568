// The packed package does its work however it is loaded: as ES modules, as CommonJS, in Jest.

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { fields, json, node, output, repository, tool } from './commands.ts';
import { consumer, doors, installed, type Packed, packed } from './packed.ts';

let parts: Packed;
let smoke: string;

beforeAll(async () => {
  parts = await packed();
  smoke = await consumer('smoke', parts.app);
});

const TOLD = {
  name: 'smoke',
  shown: '[secret]',
  signed: 200,
  deleted: 401,
  refusal: 'AuthenticationError',
  recognised: true,
  handlers: 1,
};

describe('a program makes a key, signs with it, deletes it and is refused', () => {
  test.each(['smoke.mjs', 'smoke.cjs'])('in %s, and says nothing on standard error', async (file) => {
    const ended = await node([join(smoke, file)], smoke);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual(TOLD);
  });

  test('in Jest, which loads CommonJS only', async () => {
    const folder = await consumer('jest', parts.app);
    const { code, stderr } = await tool('jest', 'jest', ['--ci', '--runInBand'], folder);
    // Jest reports on standard error.
    expect(stderr).toContain('Tests:       2 passed, 2 total');
    expect(code).toBe(0);
  });
});

describe('every door', () => {
  /** What a program prints that loads every door, one way or the other. */
  async function seen(type: 'module' | 'commonjs', expression: string): Promise<Record<string, unknown>> {
    const load = type === 'module' ? 'await import(door)' : 'require(door)';
    const script = `
      const seen = {};
      for (const door of JSON.parse(process.argv[1])) {
        const exported = ${load};
        seen[door] = ${expression};
      }
      console.log(JSON.stringify(seen));`;
    const names = JSON.stringify(await doors(parts.app));
    return fields(JSON.parse(output(await node([`--input-type=${type}`, '-e', script, names], parts.app))));
  }

  test('has the same names in both builds, and no default export', async () => {
    const modules = await seen('module', 'Object.keys(exported).sort()');
    const commonJs = await seen('commonjs', 'Object.keys(exported).sort()');
    expect(commonJs).toEqual(modules);
    expect(Object.keys(modules)).toContain('blazemeter-client/testing/msw');
    for (const exported of Object.values(modules)) {
      expect(exported).not.toHaveLength(0);
      expect(exported).not.toContain('default');
    }
  });

  test.each(['module', 'commonjs'] as const)(
    'shows its classes under their own names, though the build is minified (%s)',
    async (type) => {
      const isClass = `typeof value === 'function' && /^class\\b/.test(Function.prototype.toString.call(value))`;
      const all = await seen(
        type,
        `Object.entries(exported).filter(([, value]) => ${isClass}).map(([name]) => name)`,
      );
      expect(all['blazemeter-client']).toContain('LockoutError');
      const renamed = await seen(
        type,
        `Object.entries(exported).filter(([name, value]) => ${isClass} && value.name !== name).map(([name]) => name)`,
      );
      expect(Object.values(renamed).flat()).toEqual([]);
    },
  );
});

describe('what the package brings along to be started', () => {
  test('the demo ends well', { timeout: 60_000 }, async () => {
    const examples = join(parts.app, 'examples');
    await cp(join(repository, 'examples'), examples, { recursive: true });
    const ended = await node(['demo.mjs'], examples);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('every command starts', async () => {
    const { bin } = await json(join(installed(parts.app), 'package.json'));
    for (const [name, path] of Object.entries(fields(bin))) {
      const told = output(await node([join(installed(parts.app), String(path)), '--help'], parts.app));
      expect(told).toContain(name);
    }
  });
});
