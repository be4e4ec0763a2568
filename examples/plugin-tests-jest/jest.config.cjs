// Jest with msw. Jest loads CommonJS, and from 2.12 on some of the packages that msw depends on are ES modules only: they are
// transformed too, although they are in node_modules.
const ES_MODULES = ['@open-draft/deferred-promise', 'rettime', 'until-async'];

module.exports = {
  transform: { '\\.m?js$': '<rootDir>/transform.cjs' },
  transformIgnorePatterns: [`/node_modules/(?!(?:\\.pnpm/.*/node_modules/)?(?:${ES_MODULES.join('|')})/)`],
};
