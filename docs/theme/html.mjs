// What is changed in the HTML of a page after TypeDoc has made it. Each change names what it looks for; when TypeDoc writes
// that in another way one day, the build ends instead of the site getting worse unseen.

/** Replaces what must be there. */
function swap(html, from, to, url) {
  const swapped = html.replace(from, to);
  if (swapped === html)
    throw new Error(`${url}: TypeDoc no longer writes ${from}, which docs/theme/html.mjs changes.`);
  return swapped;
}

/** Landmarks and names, for people who do not see the page. */
function landmarks(html, url) {
  let out = swap(
    html,
    '<div class="col-content">',
    '<div class="col-content" id="content" role="main" tabindex="-1">',
    url,
  );
  out = swap(
    out,
    '<div class="page-menu">',
    '<div class="page-menu" role="complementary" aria-label="This page">',
    url,
  );
  out = swap(out, '<nav class="tsd-navigation">', '<nav class="tsd-navigation" aria-label="All pages">', url);
  // A cell at the head of a column of row names is no heading.
  return out
    .replaceAll('<th></th>', '<td></td>')
    .replaceAll('<h3>On This Page</h3>', '<span class="site-aside-title">On this page</span>')
    .replaceAll('<h3>Settings</h3>', '<span class="site-aside-title">Settings</span>');
}

/** Levels of headings that leave none out, for those who go from one to the next. How they look stays as it is. */
function levels(html) {
  const [head, body = ''] = html.split('role="main"');
  let before = 0;
  const counted = body.split('<div class="col-sidebar">');
  counted[0] = counted[0].replace(/<h([1-6])(?=[\s>])/g, (tag, number) => {
    const level = Math.min(Number(number), before + 1);
    before = level;
    return level === Number(number) ? tag : `${tag} aria-level="${level}"`;
  });
  return `${head}role="main"${counted.join('<div class="col-sidebar">')}`;
}

/** What folds a section is a button, and a button holds no link. */
const summaries = (html) =>
  html.replace(/<summary[^>]*>.*?<\/summary>/gs, (summary) =>
    summary.replace(/<a href="#[^"]*" aria-label="Permalink" class="tsd-anchor-icon">.*?<\/a>/gs, ''),
  );

/** Links at the top that need no list of pages to be loaded. */
function toolbar(html, { base, url }) {
  const links = [
    ['Guides', 'guides/getting-started.html'],
    ['API', 'modules.html'],
    ['Errors', 'guides/errors.html'],
  ].map(([text, target]) => `<a href="${base}${target}">${text}</a>`);
  return swap(
    html,
    '<div id="tsd-toolbar-links"></div>',
    `<nav id="tsd-toolbar-links" aria-label="Parts of the site">${links.join('')}</nav>`,
    url,
  );
}

const plain = (html) =>
  html
    .replace(/<[^>]+>/g, '')
    .replaceAll('"', '&quot;')
    .trim();

/**
 * Tables scroll by themselves, and on a phone each row of three columns or more becomes a block of its own. For that each
 * cell knows its column; and the roles are written out, since browsers forget them where the display is another.
 */
const tables = (html) =>
  html.replace(/<table>(.*?)<\/table>/gs, (_, inside) => {
    const columns = [
      ...(/<thead>(.*?)<\/thead>/s.exec(inside)?.[1] ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs),
    ].map(([, heading]) => plain(heading));
    let at = 0;
    const body = inside.replace(/<(tr|th|td|thead|tbody)(?=[\s>])/g, (tag, name) => {
      if (name === 'tr') at = 0;
      const role = { tr: 'row', th: 'columnheader', td: 'cell' }[name] ?? 'rowgroup';
      const label = name === 'td' ? ` data-label="${columns[at] ?? ''}"` : '';
      if (name === 'td' || name === 'th') at++;
      return `${tag} role="${role}"${label}`;
    });
    const kind = columns.length > 2 ? 'site-table site-table-wide' : 'site-table';
    return `<div class="${kind}"><table role="table">${body}</table></div>`;
  });

/** Puts the drawing itself where its picture stands, so that it has the colours and the letters of the page. */
function drawn(html, { drawings, url }) {
  return html.replace(
    /<p><img src="[^"]*media\/([\w-]+)\.svg" alt="([^"]*)"\s*\/?>\s*<\/p>/g,
    (whole, name, alt) => {
      const svg = drawings.get(name);
      if (svg === undefined) return whole;
      if (alt.trim() === '') throw new Error(`${url}: the diagram ${name} has no text in its place.`);
      return `<figure class="site-figure"><div class="site-drawing">${svg}</div><figcaption>${alt}</figcaption></figure>`;
    },
  );
}

/** The first sentences of a page, for search engines and previews. */
function described(html) {
  const first = /<p>(.*?)<\/p>/s.exec(html.split('role="main"')[1] ?? '')?.[1];
  const text = first
    ?.replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (text === undefined || text.length < 20) return html;
  const short = text.length > 160 ? `${text.slice(0, 157).replace(/\s\S*$/, '')}…` : text;
  return html.replace(
    /<meta name="description" content="[^"]*"\/>/,
    () => `<meta name="description" content="${short.replaceAll('"', '&quot;')}"/>`,
  );
}

/** A page as it is written to disk. */
export function dressed(html, page) {
  const { url, pager } = page;
  // A page that only sends the reader on has none of this.
  if (!html.includes('class="col-content"')) return html;
  let out = landmarks(html, url);
  // The README brings its own heading.
  if (url === 'index.html') out = swap(out, /<div class="tsd-page-title">.*?<\/div>/s, '', url);
  out = toolbar(out, page);
  out = drawn(out, page);
  out = tables(out);
  // The index is fetched when somebody wants to search: see site.js.
  out = swap(
    out,
    /<script async src="([^"]*search\.js)" id="tsd-search-script"><\/script>/,
    '<script data-src="$1" id="tsd-search-script"></script>',
    url,
  );
  out = levels(summaries(described(out)));
  return pager === '' ? out : swap(out, /(<\/div>\s*)(<div class="col-sidebar">)/, `${pager}$1$2`, url);
}
