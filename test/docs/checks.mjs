// What is asked of the site, one function for each question. Each returns what it found wrong, as sentences.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileOf } from './files.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const WIDTHS = [360, 390, 768, 1280];
export const SCHEMES = ['light', 'dark'];
const size = (width) => ({ width, height: 900 });

/** What people type into the search, and the page that must come first. */
export const QUESTIONS = {
  'apiKeys.create': 'interfaces/blazemeter-client.ApiKeysResource.html#create',
  'client.apiKeys.regenerateSecret': 'interfaces/blazemeter-client.ApiKeysResource.html#regeneratesecret',
  'apiKeyPolicy.set': 'interfaces/blazemeter-client.ApiKeyPolicyResource.html#set',
  'accounts.users': 'interfaces/blazemeter-client.AccountsResource.html#users',
  withOptions: 'classes/blazemeter-client.BlazeMeterClient.html#withoptions',
  BlazeMeterClient: 'classes/blazemeter-client.BlazeMeterClient.html',
  RequestSigner: 'classes/blazemeter-client.RequestSigner.html',
  createReference: 'functions/blazemeter-client_testing.createReference.html',
  rotate: 'functions/blazemeter-client_rotation.rotate.html',
  fileStore: 'functions/blazemeter-client_rotation.fileStore.html',
  fromKeyFile: 'functions/blazemeter-client_node.fromKeyFile.html',
  diagnose: 'classes/blazemeter-client.BlazeMeterClient.html#diagnose',
  429: 'classes/blazemeter-client.RateLimitError.html',
  timeout: 'interfaces/blazemeter-client.ClientOptions.html#timeout',
  maxRetries: 'interfaces/blazemeter-client.ClientOptions.html#maxretries',
  install: 'guides/getting-started.html',
  policy: 'guides/policy.html',
  proxy: 'guides/proxies.html',
  rotation: 'guides/rotation.html',
  msw: 'modules/blazemeter-client_testing_msw.html',
  credentials: 'guides/credentials.html',
  audit: 'guides/audit.html',
  errors: 'guides/errors.html',
  playground: 'guides/try-it.html',
};

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
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]));
  const anchors = new Map([...texts].map(([page, html]) => [page, new Set(attributes(html, '(?:id|name)'))]));
  for (const [page, html] of texts) {
    for (const target of attributes(html.replace(/<script>[\s\S]*?<\/script>/g, ''), '(?:href|src)')) {
      if (/^(?:data|mailto|javascript|https?):/.test(target)) continue;
      const url = new URL(target, `http://site/${page}`);
      const file = fileOf(folder, url.pathname);
      const known = file && anchors.get(relative(folder, file).replaceAll('\\', '/'));
      const fragment = decodeURIComponent(url.hash.slice(1));
      if (file === undefined || (fragment !== '' && known !== undefined && !known.has(fragment)))
        wrong.push(`${page}: ${target} leads nowhere`);
    }
  }
  return wrong;
}

/** The guides, and one page of each other kind: axe looks at these. */
export function sample(pages) {
  const seen = new Set();
  return new Set(
    pages.filter((page) => {
      const kind = dirname(page);
      const first = !seen.has(kind);
      seen.add(kind);
      return (
        first || /^(?:\.|guides)$/.test(kind) || /BlazeMeterClient|ApiKeysResource|ClientOptions/.test(page)
      );
    }),
  );
}

/** What axe has against the page as it stands. */
export async function violations(tab) {
  if (!(await tab.evaluate(() => 'axe' in window))) await tab.evaluate(axe);
  const found = await tab.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map(
    ({ id, nodes }) => `axe ${id}: ${nodes.length} times, as in ${nodes[0].html.slice(0, 160)}`,
  );
}

/** A tab whose console, failed requests and requests to other machines are reported. */
async function watchedTab(browser, server, complain, options = {}) {
  const context = await browser.newContext({ viewport: size(1280), ...options });
  const tab = await context.newPage();
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
  });
  tab.on('pageerror', (error) => complain(error.message));
  tab.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !/^(?:data|blob|about):/.test(request.url()))
      complain(`${request.url()} is elsewhere`);
  });
  return tab;
}

const loaded = (tab) => tab.waitForFunction(() => document.querySelector('#tsd-nav-container a'));

/**
 * Each page in light and dark, at the smallest and the largest width, those that axe looks at in all four: no message, nothing
 * that is wider than its place.
 */
export async function pages(browser, server, paths, chosen) {
  const wrong = [];
  let place = '';
  const tab = await watchedTab(browser, server, (what) => wrong.push(`${place}: ${what}`));
  for (const path of paths) {
    place = path;
    await tab.goto(`${server.url}/${path}`);
    await loaded(tab);
    // Contrast does not depend on the width, nor what fits on the colours: at each width axe looks at one of the two.
    const looked = chosen.has(path);
    for (const [at, width] of WIDTHS.entries()) {
      const colorScheme = SCHEMES[at % 2];
      if (!looked && at % 3 > 0) continue;
      place = `${path} (${width} px, ${colorScheme})`;
      await tab.setViewportSize(size(width));
      await tab.emulateMedia({ colorScheme });
      if (looked) wrong.push(...(await violations(tab)).map((text) => `${place}: ${text}`));
      const over = await tab.evaluate(() =>
        [
          document.documentElement,
          ...document.querySelectorAll('.col-content pre, .col-content .tsd-signature'),
        ]
          .filter((part) => part.scrollWidth > part.clientWidth + 1)
          .map((part) => part.tagName),
      );
      for (const part of new Set(over)) wrong.push(`${place}: ${part} is wider than its place`);
    }
  }
  await tab.context().close();
  return wrong;
}

/** Types each question into the search, as a reader would. */
export async function searches(browser, server) {
  const wrong = [];
  const tab = await watchedTab(browser, server, (what) => wrong.push(`search: ${what}`));
  await tab.goto(`${server.url}/index.html`);
  await loaded(tab);
  await tab.waitForFunction(() => document.querySelector('#tsd-search-status')?.textContent === '');
  await tab.keyboard.press('/');
  let before;
  for (const [question, expected] of Object.entries(QUESTIONS)) {
    await tab.fill('#tsd-search-input', question);
    const first = await tab
      .waitForFunction(
        (last) => {
          const option = document.querySelector('#tsd-search-results li');
          return option?.id === last ? undefined : option?.querySelector('a')?.dataset.target && option;
        },
        before,
        { timeout: 10_000 },
      )
      .catch(() => undefined);
    before = await first?.evaluate((option) => option.id);
    const target = (await first?.evaluate((option) => option.querySelector('a').dataset.target)) ?? 'nothing';
    if (target !== `${server.url}/${expected}`)
      wrong.push(`${question} finds ${target.replace(`${server.url}/`, '')}`);
  }
  wrong.push(...(await violations(tab)).map((text) => `the open search: ${text}`));
  const there = tab.waitForURL(`${server.url}/${Object.values(QUESTIONS).at(-1)}`, { timeout: 10_000 });
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('Enter');
  await there.catch(() => wrong.push('Enter does not open the first result'));
  await tab.context().close();
  return wrong;
}

/** Runs every sample of "Try it" by the keyboard. Each must end, print something, and send nothing. */
export async function samples(browser, server) {
  const wrong = [];
  const tab = await watchedTab(browser, server, (what) => wrong.push(`samples: ${what}`));
  await tab.goto(`${server.url}/guides/try-it.html`);
  const buttons = await tab.locator('.site-run > button').all();
  const sent = [];
  tab.on('request', (request) => sent.push(request.url()));
  for (const [at, button] of buttons.entries()) {
    await button.focus();
    await tab.keyboard.press('Enter');
    const output = tab.locator('.site-run').nth(at).locator('[role=status][data-state]');
    await output.waitFor({ timeout: 30_000 });
    if ((await output.getAttribute('data-state')) !== 'done')
      wrong.push(`sample ${at + 1} fails: ${await output.textContent()}`);
  }
  const others = sent.filter((url) => !url.startsWith('blob:') && !url.endsWith('/assets/run-library.js'));
  if (others.length > 0) wrong.push(`samples send requests: ${others.slice(0, 3).join(', ')}`);
  wrong.push(...(await violations(tab)).map((text) => `samples that have run: ${text}`));
  await tab.context().close();
  if (buttons.length < 20) wrong.push(`"Try it" has ${buttons.length} samples`);
  return wrong;
}

/** The frame of a sample can reach neither the network nor the page. */
export async function sandbox(browser, server) {
  const tab = await browser.newPage();
  await tab.goto(`${server.url}/guides/getting-started.html`);
  const attempts = {
    fetch: `await fetch('${server.url}/index.html'); console.log('escaped');`,
    page: `console.log('escaped', parent.document.title);`,
    storage: `console.log('escaped', localStorage.length);`,
    script: `await import('${server.url}/assets/main.js'); console.log('escaped');`,
    eval: `console.log('escaped', new Function('return 1')());`,
  };
  const wrong = [];
  for (const [name, code] of Object.entries(attempts)) {
    await tab.evaluate((text) => {
      document.querySelector('pre[data-run]').dataset.run = text;
    }, code);
    const run = tab.locator('.site-run').first();
    await run.locator('[role=status]').evaluate((output) => delete output.dataset.state);
    await run.locator('button').click();
    await run.locator('[data-state]').waitFor({ timeout: 30_000 });
    const shown = await run.locator('[role=status]').textContent();
    if (shown?.includes('escaped') || (await run.locator('[data-state=failed]').count()) === 0)
      wrong.push(`the sandbox lets a sample out: ${name}: ${shown}`);
  }
  await tab.close();
  return wrong;
}

/** By finger and keyboard: the menu of a phone opens and closes, code is copied, the colours change, the first stop skips. */
export async function handling(browser, server) {
  const wrong = [];
  const check = (ok, what) => ok || wrong.push(what);
  const phone = await browser.newContext({ viewport: size(390), hasTouch: true, isMobile: true });
  await phone.grantPermissions(['clipboard-read', 'clipboard-write']);
  const tab = await phone.newPage();
  await tab.goto(`${server.url}/guides/getting-started.html`);
  await loaded(tab);
  const isOpen = () => tab.locator('.site-menu').isVisible();
  await tab.tap('#tsd-toolbar-menu-trigger');
  check(await isOpen(), 'a tap does not open the menu');
  wrong.push(...(await violations(tab)).map((text) => `the open menu: ${text}`));
  await tab.tap('#tsd-toolbar-menu-trigger');
  await tab
    .waitForSelector('.site-menu', { state: 'hidden', timeout: 5_000 })
    .catch(() => wrong.push('a tap does not close the menu'));
  await tab.focus('#tsd-toolbar-menu-trigger');
  await tab.keyboard.press('Enter');
  check(await isOpen(), 'Enter does not open the menu');
  await tab.keyboard.press('Escape');
  await tab
    .waitForSelector('.site-menu', { state: 'hidden', timeout: 5_000 })
    .catch(() => wrong.push('Escape does not close the menu'));
  const copy = tab.locator('pre > button').first();
  check(
    (await copy.evaluate((button) => getComputedStyle(button).opacity)) === '1',
    'no button to copy on touch',
  );
  await copy.tap();
  check(
    (await tab.evaluate(() => navigator.clipboard.readText())).trim() === 'npm install blazemeter-client',
    'a tap does not copy',
  );
  const colour = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await colour();
  await tab.tap('#site-theme');
  check((await colour()) !== before, 'the button for the colours does nothing');
  await phone.close();

  const desk = await browser.newPage();
  await desk.goto(`${server.url}/guides/errors.html`);
  await loaded(desk);
  await desk.keyboard.press('Tab');
  await desk.keyboard.press('Enter');
  check(
    (await desk.evaluate(() => document.activeElement?.id)) === 'content',
    'the first stop does not skip',
  );
  const visible = (text) => desk.locator('.site-menu').getByText(text, { exact: true }).first().isVisible();
  check(await visible('BlazeMeterClient'), 'the navigation does not show the client at once');
  await desk.close();
  return wrong;
}

/** Pictures of pages, to be looked at. */
export async function pictures(browser, server, paths, folder) {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of SCHEMES)
    for (const width of WIDTHS) {
      const tab = await browser.newPage({ colorScheme, viewport: size(width), hasTouch: width < 700 });
      for (const path of paths) {
        await tab.goto(`${server.url}/${path}`, { waitUntil: 'networkidle' });
        const name = path.replace(/\.html$/, '').replaceAll('/', '-');
        await tab.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
      }
      await tab.close();
    }
}
