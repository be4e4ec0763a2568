// What is counted while nothing is under way, and what a row of such counts says.
import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const timers = new Set();
createHook({
  init: (id, type) => {
    if (type === 'Timeout') timers.add(id);
  },
  destroy: (id) => timers.delete(id),
}).enable();

const descriptors = () => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0; // Only Linux tells.
  }
};

/** Counts all that a call could leave behind. */
export async function measure(signal) {
  // Several times with turns of the loop in between: finalizers run after a collection, and let go of more.
  for (let round = 0; round < 6; round++) {
    gc();
    await new Promise((done) => setTimeout(done, 50));
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const active = process.getActiveResourcesInfo();
  return {
    heap: heapUsed,
    outside: external + arrayBuffers,
    sockets: active.filter((type) => /TCP|TLS|Socket/i.test(type)).length,
    timers: timers.size,
    descriptors: descriptors(),
    listeners: getEventListeners(signal, 'abort').length,
    ofProcess: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

/** The slope of a straight line through points, and how far it may be off (twice the standard error). */
export function trend(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  const slope = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
  const off = points.reduce((sum, [at, value]) => sum + (value - y - slope * (at - x)) ** 2, 0);
  return { slope, error: points.length < 3 ? Infinity : 2 * Math.sqrt(off / (points.length - 2) / spread) };
}
