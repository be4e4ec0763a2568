// What the build declares, as text in docs/: every exported name with its declaration, a file for each entry point in
// docs/api/, so that a change of the public API shows in review; and the table of operations in docs/api-knowledge.md. With
// --write the files are written; without, they are compared.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const repository = fileURLToPath(new URL('../', import.meta.url));
const folder = join(repository, 'docs', 'api');
const guide = join(repository, 'docs', 'api-knowledge.md');

/** Each entry point and its file of declarations, as the manifest has them. */
function entryPoints() {
  const { exports } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, entry]) => typeof entry === 'object')
    .map(([name, entry]) => [
      name === '.' ? 'index' : name.slice(2).replaceAll('/', '-'),
      entry.require.types,
    ]);
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** The declaration of a name; a constant comes with its statement. */
function declarationOf(checker, symbol) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return (target.declarations ?? [])
    .map((declaration) => {
      const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
      return printer
        .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
        .replace(/^(export )?declare /, '');
    })
    .join('\n');
}

/** The report of each entry point. */
export function reports() {
  const files = entryPoints().map(([name, types]) => [name, join(repository, types)]);
  const program = ts.createProgram(
    files.map(([, file]) => file),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      skipLibCheck: true,
    },
  );
  const checker = program.getTypeChecker();
  return files.map(([name, file]) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is missing: build first.`);
    const exported = checker
      .getExportsOfModule(module)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((symbol) => `## ${symbol.name}\n\n\`\`\`text\n${declarationOf(checker, symbol)}\n\`\`\`\n`);
    const entryPoint = name === 'index' ? 'blazemeter-client' : `blazemeter-client/${name.replace('-', '/')}`;
    return [`${name}.api.txt`, `# ${entryPoint}\n\n${exported.join('\n')}`];
  });
}

const REPLAY = { safe: 'yes', never: 'never', 'other-signer': 'if another key signs it' };

/** The guide with the table of operations as the build has it. */
async function guideText() {
  const { operations } = await import('blazemeter-client');
  const rows = Object.entries(operations).map(
    ([id, { method, path, provenance, replay }]) =>
      `| \`${id}\` | \`${method} ${path}\` | ${provenance} | ${REPLAY[replay]} |`,
  );
  const table = [
    '<!-- operations: written by scripts/api-report.mjs -->',
    '| operation | request | evidence | sent again after a lost response |',
    '|---|---|---|---|',
    ...rows,
    '<!-- end of operations -->',
  ].join('\n');
  const text = readFileSync(guide, 'utf8');
  const updated = text.replace(/<!-- operations:.*?<!-- end of operations -->/s, () => table);
  if (!text.includes('<!-- operations:'))
    throw new Error(`${guide} has no place for the table of operations.`);
  return updated;
}

/** The files that differ from what was built. */
export async function differing() {
  const kept = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const built = new Map(reports());
  const names = [...new Set([...kept.keys(), ...built.keys()])];
  return [
    ...names.filter((name) => kept.get(name) !== built.get(name)),
    ...((await guideText()) === readFileSync(guide, 'utf8') ? [] : ['docs/api-knowledge.md']),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--write')) {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of reports()) writeFileSync(join(folder, name), text);
    writeFileSync(guide, await guideText());
  } else {
    const changed = await differing();
    if (changed.length > 0) {
      console.error(
        `These differ from the build: ${changed.join(', ')}. If that is meant, run \`node scripts/api-report.mjs --write\` and commit.`,
      );
      process.exitCode = 1;
    }
  }
}
