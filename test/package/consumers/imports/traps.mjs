// Loaded before a program: notes every reach of the package for the environment, a file, the network, a timer, a process
// or an output. The caller's frame shows who does.

import { createRequire, syncBuiltinESMExports } from 'node:module';

const require = createRequire(import.meta.url);
const touched = [];
const OURS = /[\\/]blazemeter-client[\\/]dist[\\/]/;

/** Notes it, if the code that called the trapped thing is ours. Node's own loader reads files, too, and is not. */
function note(what) {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 10;
  const frames = new Error().stack.split('\n').slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const caller = frames.find((frame) => !frame.includes('traps.mjs') && !frame.includes('<anonymous>)'));
  if (caller !== undefined && OURS.test(caller))
    touched.push(`${what}, by ${/([^\\/]+?)\)?$/.exec(caller)?.[1]}`);
}

function trapFunctions(name, object, seen = new Set()) {
  if (seen.has(object)) return;
  seen.add(object);
  for (const [key, { value, writable }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
    if (typeof value !== 'function' || !writable || /^[A-Z_]/.test(key)) continue;
    const trap = new Proxy(value, {
      apply(target, self, args) {
        note(`${name}.${key}`);
        return Reflect.apply(target, self, args);
      },
    });
    object[key] = trap;
  }
}

const MODULES = ['fs', 'fs/promises', 'net', 'tls', 'http', 'https', 'dns', 'child_process', 'os', 'crypto'];
for (const name of MODULES) trapFunctions(name, require(`node:${name}`));
syncBuiltinESMExports();
trapFunctions('console', console);
const GLOBALS = ['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'];
for (const name of GLOBALS) {
  const original = globalThis[name];
  globalThis[name] = function trap(...args) {
    note(name);
    return Reflect.apply(original, this, args);
  };
}
const PROCESS = [
  'on',
  'once',
  'emitWarning',
  'nextTick',
  'cwd',
  'getBuiltinModule',
  'binding',
  'kill',
  'exit',
];
for (const name of PROCESS) {
  const original = process[name];
  process[name] = function trap(...args) {
    note([`process.${name}`, ...(name === 'getBuiltinModule' ? args : [])].join(' '));
    return Reflect.apply(original, this, args);
  };
}
for (const stream of ['stdout', 'stderr']) trapFunctions(`process.${stream}`, process[stream]);

const see =
  (way) =>
  (target, ...rest) => {
    note(`process.env, ${way} ${rest.slice(0, 1).map(String)}`.trim());
    return Reflect[way](target, ...rest);
  };
process.env = new Proxy(process.env, { get: see('get'), has: see('has'), ownKeys: see('ownKeys') });

const before = Object.getOwnPropertyNames(globalThis);

/** What was touched until now, and what is new among the globals. */
globalThis.report = () => ({
  touched,
  globals: Object.getOwnPropertyNames(globalThis).filter(
    (name) => !before.includes(name) && name !== 'report',
  ),
});
