// The samples that readers can run on the site: those that need no Node. Their types are stripped here; the page runs them
// in a sandboxed frame (run.js) against the library that is bundled here.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transformSync } from 'esbuild';
import { Application, JSX, PageEvent } from 'typedoc';

const source = (path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** What a sample may import, and where the sources are. */
const MODULES = {
  'blazemeter-client': source('index.ts'),
  'blazemeter-client/schemas': source('schemas/index.ts'),
  'blazemeter-client/rotation': source('rotation/index.ts'),
  'blazemeter-client/audit': source('audit/index.ts'),
  'blazemeter-client/testing': source('reference/index.ts'),
};

/** Needs Node, a network or a server. */
const ELSEWHERE =
  /\b(?:process|Buffer|require|listen|fileStore|vaultStore|kubernetesStore|redisStore)\b|\bfetch\(/;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** The JavaScript of a sample that runs in a page; `undefined` for any other block. */
export function runnable(info, code) {
  const imported = [...code.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
  if (!/^(?:ts|js)$/.test(info.trim()) || imported.length === 0 || ELSEWHERE.test(code)) return undefined;
  if (!imported.every((name) => Object.hasOwn(MODULES, name)) || !code.includes('console.log'))
    return undefined;
  return transformSync(code, { loader: 'ts', target: 'es2022' }).code;
}

/** The library as one module. The frame holds no real credentials, so the client's refusal to run in a page is left out. */
async function library() {
  const { outputFiles } = await build({
    stdin: {
      contents: Object.values(MODULES)
        .map((file) => `export * from ${JSON.stringify(file)};`)
        .join('\n'),
      resolveDir: source(''),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    plugins: [
      {
        name: 'in-a-page',
        setup({ onLoad }) {
          onLoad({ filter: /util[/\\]browser\.ts$/ }, () => ({
            contents: 'export const refuseBrowser = () => {};',
          }));
        },
      },
    ],
  });
  return outputFiles[0].text;
}

/** Marks the samples of each page, and collects them on the page "Try it". */
export class Samples {
  #app;
  #found = new Map();

  constructor(app) {
    this.#app = app;
  }

  install() {
    const { options, renderer } = this.#app;
    const marked = [];
    const mark = (parser) => {
      const { rules } = parser.renderer;
      const fence = rules.fence;
      rules.fence = (tokens, at, ...rest) => {
        const html = fence(tokens, at, ...rest);
        const code = runnable(tokens[at].info, tokens[at].content);
        if (code === undefined) return html;
        const sample = html.replace('<pre>', `<pre data-run="${escaped(code)}">`);
        marked.push(sample);
        return sample;
      };
      // A wide table scrolls by itself, also for those who have no mouse.
      rules.table_open = () => '<div class="site-table" role="group" aria-label="Table" tabindex="0"><table>';
      rules.table_close = () => '</table></div>';
    };
    this.#app.on(Application.EVENT_BOOTSTRAP_END, () => options.setValue('markdownItLoader', mark));

    renderer.on(PageEvent.BEGIN, () => marked.splice(0));
    renderer.on(PageEvent.END, (page) => {
      const own = marked.filter(
        (sample) => ![...this.#found.values()].some((one) => one.samples.includes(sample)),
      );
      if (own.length > 0) this.#found.set(page.url, { title: page.model.name, samples: own });
    });
    renderer.hooks.on('head.end', (context) =>
      JSX.createElement('script', { defer: true, src: context.relativeURL('assets/run.js') }),
    );
    renderer.postRenderAsyncJobs.push(async ({ outputDirectory }) => {
      copyFileSync(fileURLToPath(new URL('run.js', import.meta.url)), join(outputDirectory, 'assets/run.js'));
      const loaded = `window.runLibrary=${JSON.stringify({ modules: Object.keys(MODULES), code: await library() })};`;
      writeFileSync(join(outputDirectory, 'assets/run-library.js'), loaded);
      this.#collect(join(outputDirectory, 'guides/try-it.html'));
    });
  }

  #collect(file) {
    const sections = [...this.#found].map(
      ([url, { title, samples }]) =>
        `<h2>From <a href="../${url}">${escaped(title)}</a></h2>\n${samples.join('\n')}`,
    );
    const page = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      page.replace('<div id="samples"></div>', () => sections.join('\n')),
    );
  }
}
