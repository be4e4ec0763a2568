// Run: executes a sample in a sandboxed frame, which has an origin of its own and a content security policy that allows no
// request, and shows what it prints.

(() => {
  const TIME_LIMIT = 20_000;

  /** Runs inside the frame. It receives the library and the code, and sends back lines and the end. */
  function frame() {
    const send = (kind, text) => parent.postMessage({ kind, text }, '*');
    const show = (value) => {
      if (typeof value === 'string') return value;
      if (value instanceof Error) return `${value.name}: ${value.message}`;
      if (value instanceof Date) return value.toISOString();
      if (typeof value !== 'object' || value === null) return String(value);
      const plain = (_, part) =>
        typeof part === 'bigint' || typeof part === 'function' ? String(part) : part;
      return JSON.stringify(value, plain, 2) ?? String(value);
    };
    for (const level of ['log', 'info', 'warn', 'error', 'debug', 'table'])
      console[level] = (...values) => send('line', values.map(show).join(' '));
    addEventListener('error', (event) => send('error', show(event.error ?? event.message)));
    addEventListener('unhandledrejection', (event) => send('error', show(event.reason)));
    addEventListener('message', async ({ data: { modules, library, code } }) => {
      // zod would otherwise try whether it may compile code, which the policy forbids.
      globalThis.__zod_globalConfig = { jitless: true };
      const url = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      const map = document.createElement('script');
      map.type = 'importmap';
      map.nonce = document.currentScript?.nonce ?? document.querySelector('script').nonce;
      const address = url(library);
      map.textContent = JSON.stringify({
        imports: Object.fromEntries(modules.map((name) => [name, address])),
      });
      document.head.append(map);
      try {
        await import(url(code));
        send('done', '');
      } catch (error) {
        send('error', show(error));
      }
    });
    send('ready', '');
  }

  function createFrame() {
    const nonce = crypto.getRandomValues(new Uint32Array(4)).join('');
    const policy = `default-src 'none'; script-src 'nonce-${nonce}' blob:`;
    const element = document.createElement('iframe');
    element.sandbox.add('allow-scripts');
    element.title = 'The sample that runs';
    element.hidden = true;
    element.srcdoc = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><script nonce="${nonce}">(${frame})()</script>`;
    return element;
  }

  let loading;
  /** The library, fetched from this site when the first sample is run. */
  function library() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = new URL(
        'assets/run-library.js',
        new URL(document.documentElement.dataset.base, location.href),
      );
      script.onload = () => resolve(window.runLibrary);
      script.onerror = () => reject(new Error('The library could not be loaded.'));
      document.head.append(script);
    });
    return loading;
  }

  /** Resolves when the sample has ended, with whether it succeeded. */
  function execute({ modules, code: text }, code, print) {
    return new Promise((resolve) => {
      const element = createFrame();
      const end = (ok) => {
        clearTimeout(timer);
        removeEventListener('message', listen);
        element.remove();
        resolve(ok);
      };
      const listen = ({ source, data }) => {
        if (source !== element.contentWindow) return;
        if (data.kind === 'ready') source.postMessage({ modules, library: text, code }, '*');
        else if (data.kind === 'done') end(true);
        else print(data.text);
        if (data.kind === 'error') end(false);
      };
      const timer = setTimeout(() => {
        print(`Stopped after ${TIME_LIMIT / 1000} seconds.`);
        end(false);
      }, TIME_LIMIT);
      addEventListener('message', listen);
      document.body.append(element);
    });
  }

  async function run(pre, button, output) {
    button.disabled = true;
    output.hidden = false;
    output.textContent = 'Running…';
    const lines = [];
    const print = (line) => lines.push(line);
    const ok = await library().then(
      (loaded) => execute(loaded, pre.dataset.run, print),
      (error) => print(error.message) && false,
    );
    output.textContent = lines.join('\n') || 'It ended and printed nothing.';
    output.dataset.state = ok ? 'done' : 'failed';
    button.disabled = false;
    button.focus();
  }

  for (const pre of document.querySelectorAll('pre[data-run]')) {
    const bar = document.createElement('div');
    bar.className = 'site-run';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Run';
    button.title = 'Runs this sample here, against the in-memory reference';
    const output = document.createElement('div');
    output.setAttribute('role', 'status');
    output.setAttribute('aria-label', 'Output of the sample');
    output.hidden = true;
    button.addEventListener('click', () => run(pre, button, output));
    bar.append(button, output);
    pre.after(bar);
  }
})();
