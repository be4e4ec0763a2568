// The walk in a web page: Debian's Chromium, the packed package as one script, no network but the page's own server.

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
import { bundleWalk } from './bundle-walk.mjs';

/** Where a Chromium or a Chrome is, if there is one. */
export const browserProgram = () =>
  [
    process.env.CHROMIUM_PATH,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ].find((path) => path !== undefined && existsSync(path));

/** Walks in a page; `project` has the package installed. */
export async function walkInBrowser(project) {
  const program = browserProgram();
  if (program === undefined)
    throw new Error('No Chromium was found. Install one (apt-get install chromium), or set CHROMIUM_PATH.');
  const script = await bundleWalk(
    project,
    "export { walk } from 'walk'; export { BlazeMeterClient } from 'blazemeter-client';",
  );
  const server = createServer((request, response) => {
    const isScript = request.url === '/walk.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><title>walk</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('favicon')) complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const looked = await page.evaluate(async () => (await import('/walk.js')).walk());
    const refusal = await page.evaluate(async () => {
      const { BlazeMeterClient } = await import('/walk.js');
      try {
        return String(new BlazeMeterClient({ credentials: 'id:secret' }));
      } catch (error) {
        return String(error);
      }
    });
    if (!refusal.includes('dangerouslyAllowBrowser')) complaints.push(`a page was not warned: ${refusal}`);
    return { version: `chromium ${browser.version()}`, looked, complaints };
  } finally {
    await browser.close();
    server.close();
  }
}
