// The Redis store on a real redis-server: node scripts/real-redis.mjs [--install] [--writers 6] [--rotations 60] [--kills 24]
// [--redis-kills 2]. The programs are made from the sources in a temporary folder. Nothing is installed unless asked for.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const args = process.argv.slice(2);
const there = () => spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
/** Without the service that the package would start. */
const INSTALL = 'apt-get install -y --no-install-recommends redis-server';

if (!there() && args.includes('--install')) {
  const [program, ...rest] = INSTALL.split(' ');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  if (spawnSync(program, rest, { stdio: 'inherit', env }).status !== 0) process.exit(1);
}
if (!there()) {
  process.stderr.write(
    `redis-server was not found. On Debian or Ubuntu, as root:\n\n  ${INSTALL}\n\nor run this with --install.\n`,
  );
  process.exit(1);
}

const cache = join(root, 'node_modules', '.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'real-redis-'));
try {
  await build({
    entryPoints: ['main', 'writer'].map((name) => join(root, `test/rotation/stores/real-redis/${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['ioredis'],
    alias: {
      'blazemeter-client/rotation': join(root, 'src/rotation/index.ts'),
      'blazemeter-client/testing': join(root, 'src/reference/index.ts'),
      'blazemeter-client': join(root, 'src/index.ts'),
    },
  });
  const more = args.filter((arg) => arg !== '--install');
  const child = spawn(
    process.execPath,
    [join(folder, 'main.mjs'), '--writer', join(folder, 'writer.mjs'), ...more],
    { stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill('SIGTERM'));
  process.exitCode = await new Promise((done) => child.once('exit', (code) => done(code ?? 1)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
