// Turns `import` and `export` into CommonJS. With Babel, SWC or ts-jest you need no such file.
const { transformSync } = require('esbuild');

module.exports = {
  process: (source, sourcefile) =>
    transformSync(source, { sourcefile, format: 'cjs', target: 'node20', sourcemap: 'inline' }),
};
