// The version that the client names in its User-Agent header; a test holds it equal to package.json.

/** The version of this package. */
export const VERSION = '0.1.0';
