// Web pages and their workers: whatever credentials a page has, every visitor can read.

/** Whether the program runs in a web page or in a worker of one. */
function inBrowser(): boolean {
  const page = 'window' in globalThis && 'document' in globalThis;
  const worker = 'WorkerGlobalScope' in globalThis && 'importScripts' in globalThis;
  return (page || worker) && !hasNode();
}

/** Whether Node's modules are there, as with jsdom: the `process` that bundlers put into pages has none. */
function hasNode(): boolean {
  try {
    return typeof globalThis.process.getBuiltinModule('node:fs').readFileSync === 'function';
  } catch {
    return false;
  }
}

/** Throws a `TypeError` in a web page or a worker of one, unless that is allowed. */
export function refuseBrowser(allowed: boolean | undefined): void {
  if (allowed !== true && inBrowser()) {
    throw new TypeError(
      'A web page shows the credentials to every visitor. Keep them on a server, or pass dangerouslyAllowBrowser: true.',
    );
  }
}
