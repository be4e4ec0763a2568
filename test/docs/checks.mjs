// What is asked of the site, one function for each question. Each returns what it found wrong, as sentences, and figures.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { inflateSync } from 'node:zlib';
import { compressed, fileOf } from './files.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** The limit of what the first visit transfers, in bytes. */
const FIRST_PAGE = 300_000;

/** Every page of the site, by its path. */
export const pagesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html'))
    .sort();

const attributes = (html, name) =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"'),
  );

/** Every link, picture, script and sheet leads to a file of the site, and every fragment to a place in it. */
export function links(folder, pages) {
  const wrong = [];
  const anchors = new Map(
    pages.map((page) => [page, new Set(attributes(readFileSync(join(folder, page), 'utf8'), '(?:id|name)'))]),
  );
  let checked = 0;
  let outside = 0;
  for (const page of pages) {
    const html = readFileSync(join(folder, page), 'utf8').replace(/<script>[\s\S]*?<\/script>/g, '');
    for (const target of [...attributes(html, '(?:href|src|data-src)')]) {
      if (/^(?:data|mailto|javascript):/.test(target)) continue;
      if (/^[a-z]+:\/\//.test(target)) {
        outside++;
        continue;
      }
      checked++;
      const url = new URL(target, `http://site/${page}`);
      const file = fileOf(folder, url.pathname);
      if (file === undefined) {
        wrong.push(`${page}: ${target} leads nowhere`);
        continue;
      }
      const fragment = decodeURIComponent(url.hash.slice(1));
      const known = anchors.get(relative(folder, file).replaceAll('\\', '/'));
      if (fragment !== '' && known !== undefined && !known.has(fragment))
        wrong.push(`${page}: ${target} leads to no place of that page`);
    }
  }
  return { wrong, figures: `${checked} links and ${outside} to other sites on ${pages.length} pages` };
}

/** What the first visit to the first page costs, and that the index of the search is not part of it. */
export async function weight(browser, server, folder) {
  const page = await browser.newPage();
  const sent = new Set();
  page.on('response', (response) => sent.add(new URL(response.url()).pathname));
  await page.goto(`${server.url}/index.html`, { waitUntil: 'networkidle' });
  const size = (path) => compressed(fileOf(folder, path));
  const first = [...sent];
  const total = first.reduce((sum, path) => sum + size(path), 0);
  const wrong = [];
  if (total > FIRST_PAGE) wrong.push(`the first page weighs ${total} bytes, more than ${FIRST_PAGE}`);
  if (first.some((path) => path.endsWith('/search.js')))
    wrong.push('the index of the search is fetched before anybody searches');
  await page.focus('#tsd-search-trigger');
  await page.waitForFunction(() => window.searchData !== undefined);
  await page.close();
  const most = first.map((path) => [path, size(path)]).sort((a, b) => b[1] - a[1]);
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  return {
    wrong,
    figures: `first page ${kB(total)} gzip in ${first.length} files (${most
      .slice(0, 4)
      .map(([path, bytes]) => `${basename(path)} ${kB(bytes)}`)
      .join(', ')}); search index ${kB(size('/assets/search.js'))} on demand`,
  };
}

/**
 * Loads each page in the browser, one scheme after the other: no message of its console, no request that fails or leaves
 * this machine, and nothing wider than a phone.
 */
export async function loading(browser, server, plan) {
  const wrong = [];
  for (const { scheme, pages, visit } of plan) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: DESK });
    const tab = await context.newPage();
    let path = '';
    const complain = (what) => wrong.push(`${path} (${scheme}): ${what}`);
    tab.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
    });
    tab.on('pageerror', (error) => complain(error.message));
    tab.on('requestfailed', (request) => {
      // The page before this one was left while a file of its own was on its way.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') complain(`${request.url()} failed`);
    });
    tab.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        complain(`${request.url()} is elsewhere`);
    });
    for (path of pages) {
      await tab.goto(`${server.url}/${path}`);
      await tab.waitForFunction(
        () => document.querySelector('#tsd-nav-container a') || !document.querySelector('#tsd-nav-container'),
      );
      await visit({ tab, path, complain });
    }
    await context.close();
  }
  return wrong;
}

/** Whether the page is wider than a phone. */
export async function overflow(tab) {
  await tab.setViewportSize(PHONE);
  const over = await tab.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  await tab.setViewportSize(DESK);
  return over;
}

/** What axe has against the page as it stands. */
export async function violations(tab) {
  if (!(await tab.evaluate(() => 'axe' in window))) await tab.evaluate(axe);
  const found = await tab.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map(
    ({ id, help, nodes }) =>
      `axe ${id} (${help}): ${nodes.length} times, as in ${nodes[0].html.slice(0, 160)}`,
  );
}

/** One page of each kind; where there are few of a kind, all. */
export function sample(pages) {
  const perFolder = new Map();
  return pages.filter((page) => {
    const folder = dirname(page);
    const seen = (perFolder.get(folder) ?? 0) + 1;
    perFolder.set(folder, seen);
    return folder === '.' || folder === 'guides' || seen <= 1;
  });
}

/** The names that a reader may look for: everything that the doors export. */
export function symbols(folder) {
  const navigation = readFileSync(join(folder, 'assets/navigation.js'), 'utf8');
  const [, packed = ''] = /"([^"]+)"/.exec(navigation) ?? [];
  const tree = JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString());
  const names = new Set();
  const walk = (nodes, inModule) => {
    for (const { text, path, children = [] } of nodes) {
      if (inModule && path !== undefined && !path.startsWith('modules/')) names.add(text);
      walk(children, inModule || path?.startsWith('modules/') === true);
    }
  };
  walk(tree, false);
  return [...names].sort();
}

/** Types each name into the search, as a reader would, and looks for it among the answers. */
export async function searching(browser, server, names) {
  const tab = await browser.newPage();
  await tab.goto(`${server.url}/index.html`);
  await tab.keyboard.press('/');
  await tab.waitForFunction(() => window.searchData !== undefined);
  const wrong = [];
  for (const name of names) {
    await tab.fill('#tsd-search-input', name);
    const found = await tab
      .waitForFunction(
        (wanted) =>
          [...document.querySelectorAll('#tsd-search-results a')].some(
            (link) => link.textContent.trim().split('.').at(-1) === wanted,
          ),
        name,
        { timeout: 10_000 },
      )
      .then(
        () => true,
        () => false,
      );
    if (!found) wrong.push(`the search does not find ${name}`);
  }
  wrong.push(...(await violations(tab)).map((text) => `the open search: ${text}`));
  await tab.close();
  return { wrong, figures: `${names.length - wrong.length} of ${names.length} public symbols found` };
}

/** On a phone the menu opens, for a finger and for a keyboard, and Escape closes it. The first stop skips the navigation. */
export async function handling(browser, server) {
  const wrong = [];
  const phone = await browser.newContext({ viewport: PHONE });
  const tab = await phone.newPage();
  await tab.goto(`${server.url}/guides/errors.html`);
  await tab.click('#tsd-toolbar-menu-trigger');
  await tab.waitForSelector('.has-menu .col-sidebar');
  wrong.push(...(await violations(tab)).map((text) => `the open menu: ${text}`));
  await tab.keyboard.press('Escape');
  await tab
    .waitForSelector('html:not(.has-menu)', { timeout: 5_000 })
    .catch(() => wrong.push('Escape does not close the menu'));
  await tab.waitForTimeout(600);
  await tab.focus('#tsd-toolbar-menu-trigger');
  await tab.keyboard.press('Enter');
  await tab
    .waitForSelector('.has-menu .col-sidebar', { timeout: 5_000 })
    .catch(() => wrong.push('Enter does not open the menu'));
  await phone.close();

  const desk = await browser.newPage();
  await desk.goto(`${server.url}/guides/errors.html`);
  await desk.keyboard.press('Tab');
  const first = await desk.evaluate(() => document.activeElement?.textContent);
  if (first !== 'Skip to the content') wrong.push(`the first stop of the keyboard is ${first}`);
  await desk.keyboard.press('Enter');
  const place = await desk.evaluate(() => document.activeElement?.id);
  if (place !== 'content') wrong.push(`the skip link leads to ${place}`);
  await desk.close();
  return wrong;
}

/** Pictures of pages, to be looked at. */
export async function pictures(browser, server, paths, folder) {
  mkdirSync(folder, { recursive: true });
  for (const scheme of ['light', 'dark'])
    for (const width of [390, 1440]) {
      const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 } });
      const tab = await context.newPage();
      for (const path of paths) {
        await tab.goto(`${server.url}/${path}`, { waitUntil: 'networkidle' });
        const name = path.replace(/\.html$/, '').replaceAll('/', '-');
        await tab.screenshot({
          path: join(folder, `${name}-${width}-${scheme}.png`),
          fullPage: width === 390,
        });
      }
      await context.close();
    }
}
