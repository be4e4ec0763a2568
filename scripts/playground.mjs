// Builds the playground alone: node scripts/playground.mjs [folder of the site]. The rest of the site, whose sheets it
// uses, is made by `npm run docs`, which builds the playground too.

import { join, resolve } from 'node:path';
import makePlayground from '../docs/pages/playground/build.mjs';
import { root } from '../docs/theme/contents.mjs';

await makePlayground({ out: join(resolve(process.argv[2] ?? join(root, 'docs/site')), 'playground'), root });
