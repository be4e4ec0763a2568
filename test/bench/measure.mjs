// How things are measured: many calls one after the other, or sixteen connections that are never idle.

import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

const sorted = (values) => [...values].sort((a, b) => a - b);
export const median = (values) => sorted(values)[values.length >> 1];

/** Calls something over and over, after a warm-up: the median of one call in ms, and how many there are in a second. */
export async function inSequence(call, { warmUpMs = 500, forMs = 2_000 } = {}) {
  const until = performance.now() + warmUpMs;
  while (performance.now() < until) await call();
  const times = [];
  const begin = performance.now();
  let now = begin;
  while (now - begin < forMs) {
    await call();
    const then = now;
    now = performance.now();
    times.push(now - then);
  }
  return { p50: median(times), perSecond: (times.length * 1000) / (now - begin) };
}

/** The milliseconds of one run of something. */
export async function once(act) {
  const begin = performance.now();
  await act();
  return performance.now() - begin;
}

/**
 * Keeps connections busy with one request after the other, for so long, and counts the responses. Sockets and not an HTTP
 * client: what is measured shall be the server, which shares the machine with this.
 */
export async function overConnections(port, request, { connections = 16, forMs = 2_000 } = {}) {
  const bytes = Buffer.from(request);
  let responses = 0;
  const begin = performance.now();
  const end = begin + forMs;
  const keepBusy = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes)).setNoDelay();
      let pending = Buffer.alloc(0);
      let wanted;
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        wanted ??= lengthOf(pending);
        if (wanted === undefined || pending.length < wanted) return;
        if (pending.toString('latin1', 9, 12) !== '200') {
          reject(new Error(`it answered ${pending.toString('latin1', 0, 60)}`));
          return;
        }
        pending = Buffer.alloc(0);
        wanted = undefined;
        responses++;
        if (performance.now() < end) socket.write(bytes);
        else {
          socket.destroy();
          resolve();
        }
      });
    });
  await Promise.all(Array.from({ length: connections }, keepBusy));
  return (responses * 1000) / (performance.now() - begin);
}

/** How long a response is, head included; undefined while its head is not complete. */
function lengthOf(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = /content-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error('it answered without a Content-Length');
  return end + 4 + Number(length);
}
