// Runs the examples that need packages which this repository does not install: signing with axios and got, the service on
// Express, tracing with OpenTelemetry, and the tests in Python with pytest, which must be there. The packages are installed into
// a temporary folder: node test/examples/peers.mjs, after a build
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Each the newest that runs on Node 20. */
const PEERS = {
  '@opentelemetry/api': '1',
  '@opentelemetry/instrumentation': '0.x',
  '@opentelemetry/instrumentation-undici': '0.x',
  '@opentelemetry/sdk-trace-node': '2',
  axios: '1',
  express: '5',
  got: '14',
  undici: '7',
};

const folder = join(tmpdir(), 'blazemeter-client-example-peers');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: PEERS }));
const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
execFileSync('npm', ['install', ...quietly], {
  cwd: folder,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const tests = ['signing', 'service', 'tracing'].map((name) => `test/examples/${name}.test.ts`);
const { status } = spawnSync(process.execPath, [vitest, 'run', ...tests], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  stdio: 'inherit',
  env: { ...process.env, EXAMPLE_PEERS: folder },
});
const pytest = spawnSync('python3', ['-m', 'pytest', '-p', 'no:cacheprovider', 'test_keys.py'], {
  cwd: fileURLToPath(new URL('../../examples/reference-python', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    BLAZEMETER_REFERENCE: `${process.execPath} ${fileURLToPath(new URL('../../dist/cli/reference.js', import.meta.url))}`,
    PYTHONDONTWRITEBYTECODE: '1',
  },
});
process.exitCode = status === 0 ? (pytest.status ?? 1) : (status ?? 1);
