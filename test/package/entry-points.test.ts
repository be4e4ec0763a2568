// The packed package does its work however it is loaded: as ES modules, as CommonJS, in one file, in Jest, in vitest.
// `node test/package/consumers/deep.mjs` does the same with more tools, and with what npm installs.

import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { fields, json, node, output, repository, tool } from './commands.ts';
import { consumer, entryPoints, installed, type Packed, packed } from './packed.ts';

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
  rotated: 'draining',
  audited: true,
  handlers: 2,
};

describe('a program creates a key, signs with it, deletes it and is refused; and rotates and audits', () => {
  it.each(['smoke.mjs', 'smoke.cjs'])('in %s, and says nothing on standard error', async (file) => {
    const ended = await node([join(smoke, file)], smoke);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual(TOLD);
  });

  it.each([
    ['walk.mjs', 'esm', 'alone.mjs'],
    ['walk.cjs', 'cjs', 'alone.cjs'],
  ] as const)(
    'in the one file that a bundler makes of %s, alone in a folder',
    async (file, format, outfile) => {
      const folder = join(dirname(parts.app), `alone-${format}`);
      await mkdir(folder);
      await build({
        entryPoints: [join(smoke, file)],
        outfile: join(folder, outfile),
        bundle: true,
        platform: 'node',
        format,
        logLevel: 'silent',
      });
      expect(await readdir(folder)).toEqual([outfile]);
      expect(await node([outfile], folder)).toEqual({ code: 0, stdout: 'OK\n', stderr: '' });
    },
  );

  it('in vitest', async () => {
    const folder = await consumer('vitest', parts.app);
    const args = ['run', '--root', folder, '--reporter', 'json'];
    const told = output(await tool('vitest', 'vitest', args, folder));
    expect(JSON.parse(told)).toMatchObject({ success: true, numPassedTests: 2, numTotalTests: 2 });
  });

  it('in Jest, which loads CommonJS only', async () => {
    const folder = await consumer('jest', parts.app);
    const { code, stderr } = await tool('jest', 'jest', ['--ci', '--runInBand'], folder);
    // Jest reports on standard error.
    expect(stderr).toContain('Tests:       2 passed, 2 total');
    expect(code).toBe(0);
  });
});

describe('every entry point', () => {
  /** What a program prints that loads every entry point, one way or the other. */
  async function seen(type: 'module' | 'commonjs', expression: string): Promise<Record<string, unknown>> {
    const load = type === 'module' ? 'await import(entryPoint)' : 'require(entryPoint)';
    const script = `
      const seen = {};
      for (const entryPoint of JSON.parse(process.argv[1])) {
        const exported = ${load};
        seen[entryPoint] = ${expression};
      }
      console.log(JSON.stringify(seen));`;
    const names = JSON.stringify(await entryPoints(parts.app));
    return fields(JSON.parse(output(await node([`--input-type=${type}`, '-e', script, names], parts.app))));
  }

  it('has the same names in both builds, and no default export', async () => {
    const modules = await seen('module', 'Object.keys(exported).sort()');
    const commonJs = await seen('commonjs', 'Object.keys(exported).sort()');
    expect(commonJs).toEqual(modules);
    const names = ['', '/schemas', '/node', '/rotation', '/audit', '/testing', '/testing/msw'];
    expect(Object.keys(modules).sort()).toEqual(names.map((name) => `blazemeter-client${name}`).sort());
    for (const exported of Object.values(modules)) {
      expect(exported).not.toHaveLength(0);
      expect(exported).not.toContain('default');
    }
  });

  it.each(['module', 'commonjs'] as const)('shows its classes under their own names (%s)', async (type) => {
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
  });
});

describe('what the package has to run', () => {
  it('the demo ends well', { timeout: 60_000 }, async () => {
    const examples = join(parts.app, 'examples');
    await cp(join(repository, 'examples'), examples, { recursive: true });
    const ended = await node(['demo.mjs'], examples);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('every command starts, and says its name and version', async () => {
    const { bin, version } = await json(join(installed(parts.app), 'package.json'));
    expect(Object.keys(fields(bin)).sort()).toEqual([
      'blazemeter-client',
      'blazemeter-keys',
      'blazemeter-reference',
    ]);
    for (const [name, path] of Object.entries(fields(bin))) {
      const command = join(installed(parts.app), String(path));
      const ended = await node([command, '--help'], parts.app);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      // The name of the package starts the command for keys: `npx blazemeter-client whoami`.
      expect(ended.stdout).toContain(name === 'blazemeter-client' ? 'blazemeter-keys' : name);
      const told = await node([command, '--version'], parts.app);
      expect(told).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
      // Without this first line a system starts it as a shell script.
      expect(await readFile(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });
});
