module.exports = { rootDir: __dirname, watchman: false, cacheDirectory: `${__dirname}/cache` };
