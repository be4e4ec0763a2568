// Web pages: whatever credentials a page has, every visitor can read.

/** Throws a `TypeError` in a web page, unless that is allowed. */
export function refuseBrowser(allowed: boolean | undefined): void {
  const inPage = 'window' in globalThis && 'document' in globalThis && !('process' in globalThis);
  if (inPage && allowed !== true) {
    throw new TypeError(
      'A web page shows the credentials to every visitor. Keep them on a server, or pass dangerouslyAllowBrowser: true.',
    );
  }
}
