// The playground in a real browser: every control is used and what it says is held against what must happen, every lesson is
// opened by its link, a rotation dies at every step and is resumed, and the programs that it shows are run. By hand:
// node test/docs/playground.mjs [folder of the site]. Pictures go to coverage/playground-shots/.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from '../../docs/pages/playground/build.mjs';
import { compressed, serve } from './files.mjs';
import { controls, world } from './playground/controls.mjs';
import { badLinks, lessonLinks, programs } from './playground/lessons.mjs';
import { closed, keyboard, looks } from './playground/looks.mjs';
import { rotation } from './playground/rotation.mjs';
import { openTab } from './playground/tab.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = join(root, 'docs/pages/playground');

/** The limit of the script, compressed, in bytes. */
const MOST_SCRIPT = 250_000;

/** What stands in the sources, whatever a browser does with it. */
function written(wrong) {
  for (const name of readdirSync(sources).filter((file) => /\.(?:ts|html)$/.test(file)))
    if (
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(
        readFileSync(join(sources, name), 'utf8'),
      )
    )
      wrong.push(`${name} sets HTML, or runs text`);
}

/**
 * All of it. `url` is where the site is served, `folder` where it lies.
 * @returns {Promise<{ wrong: string[], figures: string }>}
 */
export async function checkPlayground({
  browser,
  url,
  folder,
  shots = join(root, 'coverage/playground-shots'),
}) {
  const wrong = [];
  written(wrong);
  const bytes = compressed(join(folder, 'playground/playground.js'));
  if (bytes > MOST_SCRIPT) wrong.push(`the script weighs ${bytes} bytes compressed`);
  const { lessons } = await load(join(sources, 'lessons.ts'), root);
  const { choices } = await load(join(sources, 'actions.ts'), root);
  const { semanticsSwitches } = await load(join(root, 'src/reference/index.ts'), root);
  const crashes = Object.keys(choices.crash).filter((name) => name !== 'none');

  const page = await openTab(browser, url, { wrong });
  const shown = await lessonLinks(page, lessons);
  // The browser asks for the icon of the tab again whenever the address changes; that tells nobody anything.
  const loads = () => page.requests.filter((request) => !request.endsWith('/favicon.svg')).length;
  const atLoad = loads();
  shown.push(...(await controls(page)));
  shown.push(...(await world(page, semanticsSwitches)));
  shown.push(...(await rotation(page, crashes)));
  await badLinks(page);
  const elsewhere = page.requests.filter((request) => !request.startsWith(`${url}/`));
  page.is(`requests left for ${elsewhere}`, elsewhere.length === 0);
  page.is(`${loads() - atLoad} requests after the page was there`, loads() === atLoad);
  await page.close();

  await keyboard(browser, url, wrong);
  await closed(browser, url, wrong);
  const pictures = await looks(browser, url, wrong, shots);
  await programs(shown, wrong, root);
  return {
    wrong,
    figures: `${lessons.length} lessons, ${crashes.length * 2} crashes, every control by mouse and by keyboard; ${shown.length} programs run; ${(bytes / 1000).toFixed(1)} kB of script; ${atLoad} files, and no request after them; ${pictures} pictures`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { chromium } = await import('playwright-core');
  const folder = resolve(process.argv[2] ?? join(root, 'docs/site'));
  const server = await serve(folder);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const { wrong, figures } = await checkPlayground({ browser, url: server.url, folder });
    for (const line of wrong) process.stdout.write(`  - ${line}\n`);
    process.stdout.write(`${wrong.length === 0 ? 'ok ' : 'NOT'} playground: ${figures}\n`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await server.close();
  }
}
