// The package as npm installs it into an empty project: what comes along, its programs, its commands, and the test runners.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { consumer, installedCommand, manifest, npx, project, saysOk, versionOf } from './project.mjs';

function must(holds, problem) {
  if (!holds) throw new Error(problem);
}

/** What comes along, both kinds of programs, and both commands in the three ways that people start them. */
export async function installedRows(folder, row) {
  const root = await project(folder, 'plain');
  const smoke = await consumer(root, 'smoke');
  await row('npm', 'installs ky, yaml and zod, and nothing else', async () => {
    const names = (await readdir(join(root, 'node_modules'))).filter((name) => !name.startsWith('.')).sort();
    must(names.join() === 'blazemeter-client,ky,yaml,zod', names.join(', '));
  });
  for (const file of ['walk.mjs', 'walk.cjs'])
    await row(`node ${process.version}`, file, () => saysOk(join(smoke, file), smoke));
  const oldestZod = manifest.dependencies.zod.replace('^', '');
  const old = await project(folder, 'oldest-zod', { zod: oldestZod });
  const oldSmoke = await consumer(old, 'smoke');
  await row(`zod ${oldestZod}`, 'is the one that is installed', async () => {
    const version = await versionOf(old, 'zod');
    must(version === oldestZod, version);
    const names = await readdir(join(old, 'node_modules', 'blazemeter-client'));
    must(!names.includes('node_modules'), 'The package has a zod of its own.');
  });
  for (const file of ['walk.mjs', 'walk.cjs'])
    await row(`zod ${oldestZod}`, file, () => saysOk(join(oldSmoke, file), oldSmoke));
  for (const name of Object.keys(manifest.bin)) {
    await row('node_modules/.bin', name, async () => {
      const version = await installedCommand(root, name, ['--version']);
      must(version === `${manifest.version}\n`, version);
      const help = await installedCommand(root, name, ['--help']);
      must(help.includes(name), help);
    });
    await row('npx', name, async () => {
      for (const args of [
        [name, '--version'],
        ['--package=blazemeter-client', name, '--version'],
      ]) {
        const version = await npx(root, args);
        must(version === `${manifest.version}\n`, version);
      }
    });
  }
}

/** The newest of each runner that this Node can start. */
export async function runnerRows(folder, row) {
  const [major] = process.versions.node.split('.').map(Number);
  const root = await project(folder, 'runners', { jest: '30', vitest: major < 22 ? '4' : '*' });
  await consumer(root, 'smoke');
  const jest = await consumer(root, 'jest');
  const vitest = await consumer(root, 'vitest');
  const passed = (text) => {
    const { success, numPassedTests } = JSON.parse(text);
    must(success === true && numPassedTests === 2, text);
  };
  await row(`jest ${await versionOf(root, 'jest')}`, 'CommonJS', async () => {
    passed(await installedCommand(root, 'jest', ['--ci', '--runInBand', '--json', '--rootDir', jest], jest));
  });
  await row(`vitest ${await versionOf(root, 'vitest')}`, 'ES modules', async () => {
    passed(await installedCommand(root, 'vitest', ['run', '--root', vitest, '--reporter', 'json'], vitest));
  });
}
