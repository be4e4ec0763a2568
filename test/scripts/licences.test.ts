// The check of licences: a package that users would get along with this one must be free of conditions for their work.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { node, repository } from '../package/commands.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const script = join(repository, 'scripts/licences.mjs');

/** Runs it over a lock file of these packages; `installed` are the manifests in node_modules. */
function check(packages: Readonly<Record<string, object>>, installed: Readonly<Record<string, object>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'licences-'));
  folders.push(folder);
  const paths = Object.entries(packages).map(([name, locked]) => [`node_modules/${name}`, locked]);
  const lock = { packages: { '': { license: 'MIT' }, ...Object.fromEntries(paths) } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  for (const [name, manifest] of Object.entries(installed)) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify(manifest));
  }
  return node([script, folder], folder);
}

it.each(['MIT', '(MIT OR GPL-3.0-only)', 'MIT AND ISC', 'Apache-2.0'])('%s is fine', async (license) => {
  expect(await check({ one: { license } })).toMatchObject({ code: 0, stderr: '' });
});

it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'MPL-2.0', 'UNLICENSED', ''])(
  '%s is refused by name',
  async (license) => {
    const { code, stderr } = await check({ fine: { license: 'MIT' }, '@some/thing': { license } });
    expect(code).toBe(1);
    expect(stderr).toContain('@some/thing');
    expect(stderr).not.toContain('fine');
  },
);

it('what the lock file does not tell is read from the package; nothing said is refused', async () => {
  const silent = { version: '1.0.0' };
  expect((await check({ old: silent }, { old: { licenses: [{ type: 'MIT' }] } })).code).toBe(0);
  expect((await check({ old: silent }, { old: { name: 'old' } })).code).toBe(1);
  expect((await check({ old: silent })).code).toBe(1);
});

it('tools may be of any licence, and are listed where it is another', async () => {
  const { code, stdout } = await check({ tool: { license: 'MPL-2.0', dev: true }, one: { license: 'MIT' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/users': one \(MIT\)\n.*tool \(MPL-2\.0\)/);
});

it('all that this package brings along is fine', async () => {
  expect(await node([script], repository)).toMatchObject({ code: 0, stderr: '' });
});
