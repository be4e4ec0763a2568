// What the site adds to TypeDoc: the order and the addresses of the guides, diagrams drawn from their text, and pages that a
// screen reader and a keyboard find their way through. `npm run docs` loads it.

import { appendFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Application, Converter, JSX, KindRouter, PageEvent, RendererEvent } from 'typedoc';
import { contents, root } from './contents.mjs';
import { diagramRules, drawAll } from './diagrams.mjs';
import { dressed } from './html.mjs';

/** The page of the contents that a document of TypeDoc's is. */
function pageOf(app, pages, reflection) {
  const path = app.files.getReflectionPath(reflection);
  if (path === undefined) return undefined;
  const file = relative(root, path).replaceAll('\\', '/');
  return pages.find((page) => page.file === file);
}

/** The links to the guide before and after this one. */
function pager(pages, page, urlTo) {
  const guides = pages.filter(({ group }) => group === page.group);
  const at = guides.indexOf(page);
  const link = (other, rel, text) =>
    other === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${urlTo(other)}"><span>${text}</span> ${other.title}</a>`;
  return `<nav class="site-pager" aria-label="Guides before and after">${link(guides[at - 1], 'prev', 'Before')}${link(guides[at + 1], 'next', 'Next')}</nav>`;
}

/** What TypeDoc calls when it starts. */
export function load(app) {
  const pages = contents();
  let drawings = new Map();

  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue(
      'projectDocuments',
      pages.map(({ file }) => file),
    );
  });

  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const page = pageOf(app, pages, document);
    if (page === undefined) return;
    const heading = () => /^# (.+)$/m.exec(document.content.map(({ text }) => text).join(''))?.[1];
    document.name = page.title ?? document.frontmatter.title ?? heading() ?? document.name;
    page.title = document.name;
    document.frontmatter.group = page.group;
  });

  // Addresses that stay when a title changes.
  class SiteRouter extends KindRouter {
    getIdealBaseName(reflection) {
      const page = reflection.isDocument() ? pageOf(app, pages, reflection) : undefined;
      return page?.url ?? super.getIdealBaseName(reflection);
    }
  }
  app.renderer.defineRouter('site', SiteRouter);

  app.renderer.on(RendererEvent.BEGIN, () => {
    app.renderer.preRenderAsyncJobs.push(async () => {
      drawings = await drawAll();
    });
    app.renderer.postRenderAsyncJobs.push(async ({ outputDirectory }) => {
      appendFileSync(join(outputDirectory, 'assets/custom.css'), diagramRules);
    });
  });

  app.renderer.hooks.on('body.begin', () =>
    JSX.createElement(
      JSX.Fragment,
      null,
      JSX.createElement('a', { class: 'site-skip', href: '#content' }, 'Skip to the content'),
      // The guides are unfolded in the navigation, until the reader folds them. TypeDoc's script reads this later.
      JSX.createElement(
        'script',
        null,
        JSX.createElement(JSX.Raw, { html: 'try{localStorage["tsd-accordion-Guides"]??="true"}catch{}' }),
      ),
    ),
  );

  app.renderer.on(PageEvent.END, (event) => {
    if (event.contents === undefined) return;
    const base = '../'.repeat(event.url.split('/').length - 1);
    const page = event.model.isDocument?.() ? pageOf(app, pages, event.model) : undefined;
    event.contents = dressed(event.contents, {
      base,
      url: event.url,
      drawings,
      pager:
        page === undefined || page.group !== 'Guides'
          ? ''
          : pager(pages, page, (other) => `${base}${other.url}.html`),
    });
  });
}
