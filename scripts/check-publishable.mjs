// `npm publish` starts this first (`prepublishOnly`). npm checks the provenance of a release against `repository`, and the README
// and the site link to it: a release without it is refused.

import { readFileSync } from 'node:fs';

const { repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const url = typeof repository === 'string' ? repository : repository?.url;
if (!url) {
  console.error(
    'package.json has no `repository`. Add its address, then publish: npm checks the provenance against it.',
  );
  process.exitCode = 1;
}
