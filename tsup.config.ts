// How the package is built: every door as ESM and as CommonJS, with types for both.
import { defineConfig, type Options } from 'tsup';

const entry = {
  index: 'src/index.ts',
  node: 'src/node/index.ts',
  testing: 'src/reference/index.ts',
  'testing/msw': 'src/reference/msw.ts',
};

const common: Options = {
  entry,
  target: 'es2022',
  platform: 'neutral',
  // One copy of the errors and of Secret per module system, whichever doors are opened.
  splitting: true,
  treeshake: true,
  sourcemap: false,
  removeNodeProtocol: false,
  external: ['msw', /^node:/],
};

export default defineConfig([
  {
    ...common,
    format: 'esm',
    clean: true,
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    outExtension: () => ({ js: '.js' }),
  },
  {
    ...common,
    format: 'cjs',
    // ky is ESM only: CommonJS consumers (Jest among them) get it built in.
    noExternal: ['ky'],
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    outExtension: () => ({ js: '.cjs', dts: '.d.cts' }),
  },
]);
