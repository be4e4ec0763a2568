// The real timers, taken on import: a test that fakes timers later neither silences a server nor stops a delay.

const timers =
  typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function'
    ? process.getBuiltinModule('node:timers')
    : globalThis;

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = timers;
