// Draws docs/images/<name>.svg for every docs/diagrams/<name>.dot: node scripts/diagrams.mjs. A picture follows the colours of
// the page that shows it, and says in words what it shows. A test compares the files with their sources.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instance } from '@viz-js/viz';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Light and dark. */
const COLOURS = {
  light: {
    text: '#1d2430',
    line: '#5b6675',
    node: '#f4f6f9',
    accent: '#0b5cad',
    good: '#14713a',
    bad: '#a8321f',
    soft: '#e9f1fb',
  },
  dark: {
    text: '#e7ebf1',
    line: '#9aa6b5',
    node: '#232a34',
    accent: '#7db9ff',
    good: '#69d394',
    bad: '#ff9a85',
    soft: '#1d3048',
  },
};
const variables = (set) =>
  Object.entries(set)
    .map(([name, value]) => `--d-${name}:${value}`)
    .join(';');

const sheet = `
:root{${variables(COLOURS.light)}}
@media (prefers-color-scheme:dark){:root{${variables(COLOURS.dark)}}}
`;
const rules = `
.diagram text{fill:var(--d-text);font-family:Arial,Helvetica,"Liberation Sans","Noto Sans",sans-serif}
.diagram .node path{fill:var(--d-node);stroke:var(--d-line)}
.diagram .edge path{fill:none;stroke:var(--d-line)}
.diagram .edge polygon{fill:var(--d-line);stroke:var(--d-line)}
.diagram .node.accent path{fill:var(--d-soft);stroke:var(--d-accent);stroke-width:2}
.diagram .node.bad path{stroke:var(--d-bad)}
.diagram .edge.accent path{stroke:var(--d-accent)}
.diagram .edge.good path{stroke:var(--d-good)}
.diagram .edge.bad path{stroke:var(--d-bad)}
.diagram .edge.accent polygon{fill:var(--d-accent);stroke:var(--d-accent)}
.diagram .edge.good polygon{fill:var(--d-good);stroke:var(--d-good)}
.diagram .edge.bad polygon{fill:var(--d-bad);stroke:var(--d-bad)}
.diagram .edge.accent text{fill:var(--d-accent)}
.diagram .edge.good text{fill:var(--d-good)}
.diagram .edge.bad text{fill:var(--d-bad)}
`;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The source of a diagram. */
const source = (name) => readFileSync(join(root, 'docs/diagrams', `${name}.dot`), 'utf8');

/** What the head comment of the source says: the first line is the title, the rest the description. */
function words(name) {
  const lines = source(name)
    .split('\n')
    .filter((line) => line.startsWith('// '))
    .map((line) => line.slice(3).trim());
  const [title = '', ...rest] = lines;
  if (title === '' || rest.length === 0)
    throw new Error(`docs/diagrams/${name}.dot must begin with comments: a title, and a description.`);
  return { title, description: rest.join(' ') };
}

/** Numbers with one digit are enough, and make the file smaller. */
const rounded = (svg) =>
  svg.replace(/-?\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10));

/** The picture of a diagram. */
export async function draw(name) {
  const { title, description } = words(name);
  const viz = await instance();
  const drawnSvg = viz.renderString(source(name), { format: 'svg' });
  const [, width, height, viewBox, body] =
    /<svg width="(\d+)pt" height="(\d+)pt"\s+viewBox="([^"]+)"[^>]*>([\s\S]*)<\/svg>/.exec(drawnSvg) ?? [];
  if (body === undefined) throw new Error(`docs/diagrams/${name}.dot could not be drawn.`);
  const shapes = rounded(body)
    // Titles of single shapes are names of the source, and would be read aloud one by one.
    .replace(/<title>[\s\S]*?<\/title>\n?/g, '')
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/ (?:fill|stroke|font-family)="[^"]*"/g, '')
    .replace(/<polygon points="[^"]*"\/>\n/, '') // the background
    .replace(/ id="(?:node|edge|clust|graph)\d+"/g, '');
  const id = `diagram-${name}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-labelledby="${id}-title ${id}-description" width="${width}" height="${height}" viewBox="${viewBox}">
<title id="${id}-title">${escaped(title)}</title>
<desc id="${id}-description">${escaped(description)}</desc>
<style>${sheet}${rules}</style>
${shapes.trim()}
</svg>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const file of readdirSync(join(root, 'docs/diagrams'))) {
    const name = basename(file, '.dot');
    writeFileSync(join(root, 'docs/images', `${name}.svg`), await draw(name));
  }
