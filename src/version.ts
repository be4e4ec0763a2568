// The version that the client names in its User-Agent header: that of package.json, which the build puts in here.

import { version } from '../package.json';

/** The version of this package. */
export const VERSION: string = version;
