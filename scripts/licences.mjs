// Which licences the package stands on: node scripts/licences.mjs [folder]. What it installs at its users' must be of a licence
// that asks for no more than its own text to be kept; what it is built and tested with is counted and listed.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** SPDX identifiers of licences that anybody may build on without conditions for their own work. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]);

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const json = (path) => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));

/** Old packages say it in an object, or in a list of them. */
function named(licence) {
  if (Array.isArray(licence)) return licence.map(named).join(' OR ');
  return typeof licence === 'string' ? licence : String(licence?.type ?? '');
}

/** What a package says: the lock file repeats it, for most. */
function licenceOf(path, locked) {
  if (locked.license !== undefined) return named(locked.license);
  try {
    const { license, licenses } = json(`${path}/package.json`);
    return named(license ?? licenses);
  } catch {
    return ''; // For another system, and not installed here.
  }
}

/** `A OR B` is as good as its better half, `A AND B` as its worse one. */
const permissive = (expression) =>
  expression
    .replace(/[()]/g, ' ')
    .split(/ OR /)
    .some((choice) => choice.split(/ AND /).every((id) => PERMISSIVE.has(id.trim())));

const packages = Object.entries(json('package-lock.json').packages)
  .filter(([path, { link }]) => path !== '' && link !== true)
  .map(([path, locked]) => ({
    name: path.replace(/^.*node_modules\//, ''),
    runtime: locked.dev !== true && locked.peer !== true,
    licence: licenceOf(path, locked),
  }));
const refused = packages.filter(({ runtime, licence }) => runtime && !permissive(licence));

const list = (some) =>
  [...new Set(some.map(({ name, licence }) => `${name} (${licence || 'no licence named'})`))]
    .sort()
    .join(', ');
const runtime = packages.filter((one) => one.runtime);
const tools = packages.filter((one) => !one.runtime);
process.stdout.write(`installed at users': ${list(runtime) || 'nothing'}\n`);
const others = list(tools.filter(({ licence }) => !permissive(licence)));
process.stdout.write(`tools: ${tools.length} packages; of another licence: ${others || 'none'}\n`);
if (refused.length > 0) {
  process.stderr.write(`not permissive: ${list(refused)}\n`);
  process.exitCode = 1;
}
