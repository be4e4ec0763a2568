// What the site adds to TypeDoc's own theme: addresses of pages, categories, words for the search, what a screen reader needs,
// the samples that run, and llms.txt. `npm run docs` loads it.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Comment,
  CommentTag,
  Converter,
  DefaultTheme,
  IndexEvent,
  JSX,
  KindRouter,
  PageEvent,
  ReflectionKind,
  RendererEvent,
} from 'typedoc';
import { Samples } from './samples.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the methods of a resource are found; also what people type into the search. */
const CLIENT = {
  BlazeMeterClient: 'client',
  ApiKeysResource: 'client.apiKeys',
  AccountsResource: 'client.accounts',
  ApiKeyPolicyResource: 'client.accounts.apiKeyPolicy',
  UserResource: 'client.user',
  ClientOptions: undefined,
  RequestSigner: undefined,
  Secret: undefined,
};

/** Types whose values are shown wherever the type stands: `'1 month' | '3 months' | …`. */
const SPELLED_OUT = ['ExpirationPeriod', 'ExpirationStep', 'MaximumExpiration', 'LogLevel', 'RotationReason'];

function categoryOf({ name, kind }) {
  if (Object.hasOwn(CLIENT, name)) return 'Client';
  if (name.includes('Error')) return 'Errors';
  const callable = ReflectionKind.Class | ReflectionKind.Function | ReflectionKind.Variable;
  return (kind & callable) !== 0 ? 'Functions' : 'Types';
}

function tagged(reflection, tag, text) {
  reflection.comment ??= new Comment();
  reflection.comment.blockTags.push(new CommentTag(tag, [{ kind: 'text', text }]));
}

/** The address of a page of Markdown, by its file: it stays when the title changes. */
function addressOf(file) {
  const name = basename(file, '.md').toLowerCase();
  if (file.startsWith('docs/decisions/')) return `decisions/${name === 'readme' ? 'index' : name}`;
  return file.startsWith('docs/') ? `guides/${name}` : `project/${name}`;
}

const textOf = (parts) => parts.map(({ text }) => text).join('');

/** Levels of headings that leave none out. How they look stays as it is. */
function levelled(html) {
  let before = 0;
  return html.replace(/<h([1-6])(?=[\s>])/g, (tag, number) => {
    const level = Math.min(Number(number), before + 1);
    before = level;
    return level === Number(number) ? tag : `${tag} aria-level="${level}"`;
  });
}

/** What the search weighs beside the name: the way to a method, the headings of a guide, the first words about a function. */
function words(reflection) {
  if (reflection.isDocument()) {
    const headings = [...textOf(reflection.content).matchAll(/^##+ (.+)$/gm)].map(([, heading]) => heading);
    return { headings: headings.join('\n'), keywords: reflection.frontmatter.keywords ?? '' };
  }
  const way = CLIENT[reflection.parent?.name];
  if (reflection.kindOf(ReflectionKind.Method) && way !== undefined)
    return { way: `${way}.${reflection.name} ${way.replace('client.', '')}.${reflection.name}` };
  if (!reflection.kindOf(ReflectionKind.Class | ReflectionKind.Function)) return {};
  const { summary = [] } = reflection.comment ?? reflection.signatures?.[0]?.comment ?? {};
  return { summary: textOf(summary) };
}

/** How much a hit counts: what is called before what is passed or returned, and the client's before the rest. */
function relevance(reflection) {
  if (reflection.isDocument()) return reflection.frontmatter.group === 'Guides' ? 2 : 0.3;
  const own = Object.hasOwn(CLIENT, reflection.name) || Object.hasOwn(CLIENT, reflection.parent?.name);
  if (own) return 4;
  return reflection.kindOf(ReflectionKind.Property) ? 0.2 : 2;
}

/** TypeDoc's theme. In its navigation a module is a link inside the button that unfolds it; here the link is the first entry. */
class SiteTheme extends DefaultTheme {
  buildNavigation(project) {
    const apart = ({ path, children, ...entry }) =>
      children === undefined
        ? { path, ...entry }
        : {
            ...entry,
            children: [...(path === undefined ? [] : [{ text: 'Overview', path }]), ...children.map(apart)],
          };
    return super.buildNavigation(project).map(apart);
  }
}

/** What TypeDoc calls when it starts. */
export function load(app) {
  const samples = new Samples(app);
  const fileOf = (document) =>
    relative(root, app.files.getReflectionPath(document) ?? '').replaceAll('\\', '/');

  app.converter.on(Converter.EVENT_BEGIN, ({ inlineType }) => {
    for (const name of SPELLED_OUT) inlineType.add(name);
  });

  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const file = fileOf(document);
    const heading = /^# (.+)$/m.exec(textOf(document.content))?.[1];
    document.name = (document.frontmatter.title ?? heading ?? document.name).replaceAll('`', '');
    document.frontmatter.group ??= file.startsWith('docs/') ? 'Guides' : 'Project';
  });

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      tagged(module, '@group', 'API');
      for (const child of module.children ?? []) {
        tagged(child, '@category', categoryOf(child));
        // The fields of options, with their defaults, are shown where a method takes them.
        if (/(?:Options|Params|Input)$/.test(child.name)) child.comment?.modifierTags.add('@expand');
      }
    }
  });

  class SiteRouter extends KindRouter {
    getIdealBaseName(reflection) {
      return reflection.isDocument() ? addressOf(fileOf(reflection)) : super.getIdealBaseName(reflection);
    }
  }
  app.renderer.defineRouter('site', SiteRouter);
  app.renderer.defineTheme('site', SiteTheme);

  app.renderer.on(IndexEvent.PREPARE_INDEX, (event) => {
    // Few pages have keywords, so the search takes those that have them for long ones: hence the weight.
    Object.assign(event.searchFieldWeights, {
      way: 60,
      keywords: 40_000,
      headings: 8,
      summary: 3,
      document: 0.5,
    });
    for (let at = event.searchResults.length - 1; at >= 0; at--) {
      const reflection = event.searchResults[at];
      Object.assign(event.searchFields[at], words(reflection));
      reflection.relevanceBoost = relevance(reflection);
      if (reflection.isDocument() && reflection.frontmatter.group === 'Decisions') event.removeResult(at);
    }
  });

  // The client and the guides are unfolded in the navigation, until the reader folds them. TypeDoc's script reads this later.
  const unfolded = ['API', 'API$blazemeter-client', 'API$blazemeter-client$Client', 'Guides'];
  app.renderer.hooks.on('body.begin', () =>
    JSX.createElement(
      JSX.Fragment,
      null,
      JSX.createElement('a', { class: 'site-skip', href: '#content' }, 'Skip to the content'),
      JSX.createElement(
        'script',
        null,
        JSX.createElement(JSX.Raw, {
          html: `try{for(const key of ${JSON.stringify(unfolded)})localStorage["tsd-accordion-"+key]??="true"}catch{}`,
        }),
      ),
    ),
  );

  app.renderer.on(PageEvent.END, (page) => {
    if (page.contents === undefined) return;
    const base = '../'.repeat(page.url.split('/').length - 1);
    const html = page.contents
      .replaceAll('href="site:', `href="${base}`)
      .replace(
        '<div class="col-content">',
        '<div class="col-content" id="content" role="main" tabindex="-1">',
      )
      .replace(
        '<div class="page-menu">',
        '<div class="page-menu" role="complementary" aria-label="This page">',
      )
      .replace('<nav class="tsd-navigation">', '<nav class="tsd-navigation" aria-label="All pages">')
      .replace('<nav id="tsd-sidebar-links"', '<nav id="tsd-sidebar-links" aria-label="Parts of the site"')
      .replaceAll('<th></th>', '<td></td>')
      // In the columns beside the text these are no headings, and a button that unfolds a section holds no link.
      .replace(/<h3>(Settings|On This Page)<\/h3>/g, '<strong>$1</strong>')
      .replace(
        /<a href="#[^"]*" aria-label="Permalink" class="tsd-anchor-icon">(?:(?!<\/a>).)*<\/a>(?=<\/h\d><\/summary>)/gs,
        '',
      );
    // The README brings its own heading.
    const own =
      page.url === 'index.html' ? html.replace(/<div class="tsd-page-title">.*?<\/div>/s, '') : html;
    page.contents = levelled(own);
  });

  app.renderer.on(RendererEvent.END, ({ project, outputDirectory }) => {
    const lines = project.documents.map((document) => {
      const file = fileOf(document);
      const markdown = `${addressOf(file)}.md`;
      copyFileSync(join(root, file), join(outputDirectory, markdown));
      return { group: document.frontmatter.group, line: `- [${document.name}](${markdown})` };
    });
    const { name, version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const of = (group) => lines.filter((one) => one.group === group).map(({ line }) => line);
    const text = [
      `# ${name} ${version}`,
      `> ${description}`,
      'Every method on one page: [api.md](guides/api.md)',
      ['## Guides', '', ...of('Guides')].join('\n'),
      ['## Optional', '', ...of('Project'), ...of('Decisions')].join('\n'),
    ];
    writeFileSync(join(outputDirectory, 'llms.txt'), `${text.join('\n\n')}\n`);
  });

  samples.install();
}
