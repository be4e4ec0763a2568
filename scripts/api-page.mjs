// Writes docs/api.md, every method on one page, from the sources: node scripts/api-page.mjs. A test compares the page with
// them.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The methods of the client: where they are found, and the declaration that has them. */
const RESOURCES = [
  ['client', 'src/client.ts', 'BlazeMeterClient'],
  ['client.user', 'src/resources/user.ts', 'UserResource'],
  ['client.accounts', 'src/resources/accounts.ts', 'AccountsResource'],
  ['client.accounts.apiKeyPolicy', 'src/resources/accounts.ts', 'ApiKeyPolicyResource'],
  ['client.apiKeys', 'src/resources/api-keys.ts', 'ApiKeysResource'],
  ['signer', 'src/auth/request-signer.ts', 'RequestSigner'],
  ['reference', 'src/reference/reference.ts', 'Reference'],
];

/** The entry points whose functions are listed. */
const MODULES = {
  'blazemeter-client': 'src/index.ts',
  'blazemeter-client/node': 'src/node/index.ts',
  'blazemeter-client/rotation': 'src/rotation/index.ts',
  'blazemeter-client/audit': 'src/audit/index.ts',
  'blazemeter-client/testing': 'src/reference/index.ts',
  'blazemeter-client/testing/msw': 'src/reference/msw.ts',
};

const files = new Map();

function parsed(file) {
  if (!files.has(file)) {
    const text = readFileSync(join(root, file), 'utf8');
    files.set(file, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return files.get(file);
}

const oneLine = (text) =>
  text
    .replace(/\s+/g, ' ')
    .replace(/([([]) /g, '$1')
    .replace(/,? ([)\]])/g, '$1');

/** The first sentence of a doc comment. */
function sentence(node) {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc)?.comment;
  const text = oneLine(ts.getTextOfJSDocComment(comment) ?? '').replace(
    /\{@link (?:\w+ )?([^}]+)\}/g,
    '`$1`',
  );
  return /^.*?[.:](?= [A-Z`]|$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;
}

const parameters = (node) => `(${oneLine(node.parameters.map((one) => one.getText()).join(', '))})`;

const line = (name, node) => {
  const result = node.type === undefined ? '' : `: ${oneLine(node.type.getText())}`;
  return `- \`${name}${parameters(node)}${result}\`\n  ${sentence(node)}`;
};

const isMethod = (node) =>
  (ts.isMethodSignature(node) || ts.isMethodDeclaration(node)) && ts.isIdentifier(node.name);

/** The methods of a class or an interface that are public and described; of an overloaded one, each signature. */
function methods(way, file, name) {
  const declaration = parsed(file).statements.find((node) => node.name?.text === name);
  return declaration.members
    .filter((node) => ts.isConstructorDeclaration(node) || isMethod(node))
    .filter((node) => sentence(node) !== '')
    .map((node) => line(isMethod(node) ? `${way}.${node.name.text}` : `new ${name}`, node));
}

/** The functions that an entry point exports, from the files that it names. */
function functions(entry) {
  const lines = [];
  const collect = (file, names) => {
    for (const node of parsed(file).statements)
      if (
        ts.isFunctionDeclaration(node) &&
        names(node.name.text) &&
        sentence(node) !== '' &&
        isExported(node)
      )
        lines.push(line(node.name.text, node));
  };
  const isExported = (node) =>
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
  collect(entry, () => true);
  for (const node of parsed(entry).statements) {
    if (!ts.isExportDeclaration(node) || node.isTypeOnly || node.moduleSpecifier === undefined) continue;
    const file = join(dirname(entry), node.moduleSpecifier.text);
    const names = node.exportClause?.elements.map(({ name }) => name.text);
    collect(file, (name) => names?.includes(name) ?? true);
  }
  return lines;
}

/** The page. */
export function apiPage() {
  const section = (title, lines) => (lines.length === 0 ? [] : [`## ${title}\n\n${lines.join('\n')}`]);
  return `${[
    '---\ntitle: Every method\nkeywords: api reference methods functions list\n---',
    '# Every method',
    'The methods of the client, and the functions of each entry point, on one page. `node scripts/api-page.mjs` writes it from the sources.',
    ...RESOURCES.flatMap(([way, file, name]) => section(way, methods(way, file, name))),
    ...Object.entries(MODULES).flatMap(([module, entry]) => section(module, functions(entry))),
  ].join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(root, 'docs/api.md'), apiPage());
