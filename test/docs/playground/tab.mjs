// A tab of the playground, with what a reader would do to it, and what must hold whatever happens in it.

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const SECRET = /7e57ed5e[0-9a-f]{8}/;

/** A tab of the playground, with what a reader would do to it. */
export async function openTab(browser, url, { wrong, ...options }) {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const tab = await context.newPage();
  tab.setDefaultTimeout(30_000);
  const requests = [];
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  tab.on('pageerror', (error) => wrong.push(`page: ${error.message}`));
  tab.on('request', (request) => requests.push(request.url()));
  const idle = async () => {
    await tab.waitForFunction(() => document.body.getAttribute('aria-busy') === 'false');
    const { hash } = new URL(tab.url());
    if (SECRET.test(decodeURIComponent(hash))) wrong.push(`a secret stands in the address ${hash}`);
  };
  const page = {
    tab,
    requests,
    idle,
    /** Opens a link: anew the first time, by the address alone afterwards. */
    async go(fragment) {
      const blank = tab.url() === 'about:blank';
      if (blank) await tab.goto(`${url}/playground/index.html${fragment}`);
      else
        await tab.evaluate((hash) => {
          document.body.setAttribute('aria-busy', 'true');
          if (location.hash === hash) dispatchEvent(new HashChangeEvent('hashchange'));
          else location.hash = hash;
        }, fragment);
      await idle();
    },
    async press(id) {
      await tab.click(`#${id}`);
      await idle();
    },
    choose: (id, value) => tab.selectOption(`#${id}`, value),
    /** The text of an element, without the mark that stands before a headline. */
    text: async (id) => {
      const text = await tab.evaluate((name) => document.getElementById(name)?.textContent ?? '', id);
      return text.replace(/^[✓✗•] /, '');
    },
    all: () => tab.evaluate(() => document.body.innerText),
    tones: () =>
      tab.evaluate(() => [...document.querySelectorAll('#steps button')].map((step) => step.className)),
    /** The rows of the table of keys, each as an array of texts. */
    keys: () =>
      tab.evaluate(() =>
        [...document.querySelectorAll('#keys tbody tr')].map((row) =>
          [...row.children].map((cell) => cell.textContent),
        ),
      ),
    async says(what, pattern, id = 'headline') {
      const text = await page.text(id);
      if (!pattern.test(text)) wrong.push(`${what}: #${id} says “${text.slice(0, 160)}”, not ${pattern}`);
    },
    is(what, fine) {
      if (!fine) wrong.push(what);
    },
    close: () => context.close(),
  };
  return page;
}
