// The table of contents of the site: which pages it has, in which order, under which heading, at which address. A page of
// docs/ that is not named here comes after the guides that are, under the title that it gives itself.

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const guide = (file, title) => ({ file: `docs/${file}.md`, title, group: 'Guides', url: `guides/${file}` });

const guides = [
  guide('getting-started', 'Getting started'),
  guide('credentials', 'Credentials'),
  guide('keys', 'API keys'),
  guide('policy', 'The expiration policy'),
  guide('rotation', 'Rotation'),
  guide('stores', 'Stores and sinks'),
  guide('audit', 'Audit'),
  guide('keys-command', 'The command blazemeter-keys'),
  guide('proxies', 'Proxies and private CAs'),
  guide('testing', 'Testing'),
  guide('errors', 'Errors'),
  guide('security', 'Security'),
  guide('scanners', 'Secret scanners'),
  guide('api-knowledge', 'What is documented, observed and assumed'),
  guide('migration', 'From a fetch of your own'),
  guide('troubleshooting', 'Troubleshooting'),
];

const project = [
  { file: 'SECURITY.md', title: 'Security policy', group: 'Project', url: 'project/security-policy' },
  { file: 'CONTRIBUTING.md', title: 'Contributing', group: 'Project', url: 'project/contributing' },
  { file: 'docs/releasing.md', title: 'Releasing', group: 'Project', url: 'project/releasing' },
  { file: 'CHANGELOG.md', title: 'Changelog', group: 'Project', url: 'project/changelog' },
  { file: 'docs/decisions/README.md', title: 'Decisions', group: 'Project', url: 'decisions/index' },
];

const markdown = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);

/** Each decision stands under the page that lists them. */
function decisions() {
  return markdown('docs/decisions')
    .filter((file) => /\/\d{4}-/.test(file))
    .sort()
    .map((file) => ({ file, group: 'Decisions', url: `decisions/${basename(file, '.md')}` }));
}

/** Every page, in order: `{ file, title?, group, url }`. */
export function contents() {
  const named = [...guides, ...project].filter(({ file }) => existsSync(join(root, file)));
  const known = new Set(named.map(({ file }) => file));
  const others = markdown('docs')
    .filter((file) => !known.has(file))
    .sort()
    .map((file) => guide(basename(file, '.md')));
  const inGuides = (page) => page.group === 'Guides';
  return [...named.filter(inGuides), ...others, ...named.filter((page) => !inGuides(page)), ...decisions()];
}

/** The sources of the diagrams, by their name. */
export const diagramNames = () =>
  readdirSync(join(root, 'docs/diagrams'))
    .filter((name) => name.endsWith('.dot'))
    .map((name) => basename(name, '.dot'))
    .sort();
