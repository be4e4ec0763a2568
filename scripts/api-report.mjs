// The public surface as text, one file a door in docs/api/: every exported name with its declaration, without comments. Made
// from the declarations that were built, so that a change of them shows in review. With --write the files are made anew;
// without, they are compared.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const repository = fileURLToPath(new URL('../', import.meta.url));
const folder = join(repository, 'docs', 'api');

/** Door and file of declarations, as the manifest has them. */
function doors() {
  const { exports } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, entry]) => typeof entry === 'object')
    .map(([door, entry]) => [
      door === '.' ? 'index' : door.slice(2).replaceAll('/', '-'),
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

/** The text of each door. */
export function reports() {
  const files = doors().map(([name, types]) => [name, join(repository, types)]);
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
    if (module === undefined) throw new Error(`${file} is not there: build first.`);
    const exported = checker
      .getExportsOfModule(module)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((symbol) => `## ${symbol.name}\n\n\`\`\`text\n${declarationOf(checker, symbol)}\n\`\`\`\n`);
    const door = name === 'index' ? 'blazemeter-client' : `blazemeter-client/${name.replace('-', '/')}`;
    return [`${name}.api.txt`, `# ${door}\n\n${exported.join('\n')}`];
  });
}

/** The files that differ from what was built. */
export function differing() {
  const kept = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const made = new Map(reports());
  return [...new Set([...kept.keys(), ...made.keys()])].filter((name) => kept.get(name) !== made.get(name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--write')) {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of reports()) writeFileSync(join(folder, name), text);
  } else {
    const changed = differing();
    if (changed.length > 0) {
      console.error(
        `The public surface has changed: ${changed.join(', ')}. If that is meant, run \`node scripts/api-report.mjs --write\` and commit.`,
      );
      process.exitCode = 1;
    }
  }
}
