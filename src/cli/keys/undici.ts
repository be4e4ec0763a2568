// The part of undici that the command uses, under its name: a CommonJS package that is built in and imported when it is needed
// has a default export alone.

export { EnvHttpProxyAgent } from 'undici';
