// One call to GitHub's REST API.
import { refusal, refused, safeUrl } from './refusal.ts';

export interface GitHub {
  /**
   * The token of a GitHub App's installation, or a person's fine-grained token, with the permission "Secrets: write" for
   * the repository, and with an `idVariable` "Variables: write" (for an environment: "Environments: write" for both; for an
   * organisation: those of the organisation). The `GITHUB_TOKEN` of a workflow has no such permission, whatever the
   * workflow asks for.
   */
  readonly token: string;
  /**
   * `repos/OWNER/REPO/actions`, `repos/OWNER/REPO/environments/NAME` or `orgs/ORG/actions`. The name of an environment is
   * given as GitHub shows it, with its spaces and slashes.
   */
  readonly scope: string;
  /** Default: `https://api.github.com`. In a workflow: `GITHUB_API_URL`. */
  readonly apiUrl?: string;
  readonly fetch?: typeof fetch;
}

/** The permission that a token needs to write there. */
function permission(scope: string, at: string): string {
  // It covers secrets and variables.
  if (/^repos\/[^/]+\/[^/]+\/environments\//.test(scope)) return 'Environments: write';
  const kind = at.startsWith('variables') ? 'Variables: write' : 'Secrets: write';
  return scope.startsWith('orgs/') ? `${kind} of the organisation` : kind;
}

/** What a refusal means, by its status and by words of GitHub's message. The first that fits counts. */
const refusals = (needs: string, at: string): readonly (readonly [RegExp, string])[] => [
  [/^30[178] /, 'The repository or its owner was renamed or moved: give the new name in scope.'],
  [/^30\d /, 'This is no API: check apiUrl, and the proxy in between.'],
  [/^401 /, 'The token is not accepted: wrong, revoked, or expired.'],
  [
    /^403 .*\bSAML\b/,
    'The organisation asks for single sign-on (SAML): authorise the token for it under "Configure SSO".',
  ],
  [/^403 .*IP allow list/i, 'The organisation does not allow this IP address.'],
  [/^403 .*forbids access via/i, 'The organisation forbids this kind of token, or one that lives so long.'],
  [/^403 .*was archived/i, 'The repository is archived and so read-only: unarchive it.'],
  [/^403 .*suspended/i, 'The installation of the GitHub App, or the account, is suspended: unsuspend it.'],
  [/^403 .*upgrade to/i, 'The plan of the owner has this for public repositories only: upgrade the plan.'],
  [/^451 |^403 .*repository access blocked/i, 'GitHub has blocked the repository.'],
  [/administrative rules/i, 'The User-Agent is missing: look at the proxy in between.'],
  [
    /^403 .*by integration/i,
    `GITHUB_TOKEN cannot: give a token of an App, or a fine-grained one, with ${needs}.`,
  ],
  [
    /^403 .*by personal access token/i,
    `The token lacks ${needs}, is not for this repository, or waits for approval.`,
  ],
  [/^403 /, `Likely the token lacks ${needs}, or its user is no administrator there.`],
  [/^404 /, `Not there, or not for this token: it needs ${needs}. GITHUB_TOKEN cannot.`],
  [
    /^422 .*\bvisibility\b/i,
    'A secret of an organisation states who may see it: give more, such as { visibility: "all" }.',
  ],
  [
    /^422 /,
    at.startsWith('variables')
      ? 'GitHub does not take this variable.'
      : 'The public key that the secret was sealed with may have changed. Run it again.',
  ],
  [/^5/, 'GitHub has a problem of its own. Run it again in a few minutes.'],
];

/** The path of a scope, in which the name of an environment is one encoded segment. */
export function scopePath(scope: string): string {
  const [, place, environment] = /^(repos\/[\w.-]+\/[\w.-]+\/environments)\/(.+)$/s.exec(scope) ?? [];
  const path = environment === undefined ? scope : `${place}/${encodeURIComponent(environment)}`;
  const known = /^(?:repos\/[\w.-]+\/[\w.-]+\/(?:actions|environments\/[^/]+)|orgs\/[\w.-]+\/actions)$/;
  if (!known.test(path) || path.split('/').some((part) => /^\.+$/.test(part)))
    throw refusal(
      'scope is repos/OWNER/REPO/actions, repos/OWNER/REPO/environments/NAME or orgs/ORG/actions.',
    );
  return path;
}

/** Why GitHub has refused. Its message is compared, and never shown. */
async function reasonOf(response: Response, needs: string, at: string): Promise<string> {
  const { status, headers } = response;
  const message = (await response.text().catch(() => '')).slice(0, 2_000);
  const spent = headers.get('x-ratelimit-remaining') === '0';
  const limited = spent || headers.has('retry-after') || /rate limit|abuse detection/i.test(message);
  if (status === 429 || (status === 403 && limited)) {
    const reset = new Date(Number(headers.get('x-ratelimit-reset')) * 1000);
    const when = spent && reset.getTime() > 0 ? `after ${reset.toISOString()}` : 'in a few minutes';
    return `The rate limit is used up; the token itself is accepted. Run it again ${when}.`;
  }
  const told = `${status} ${headers.has('x-github-sso') ? 'SAML ' : ''}${message.replace(/\s/g, ' ')}`;
  return refusals(needs, at).find(([form]) => form.test(told))?.[1] ?? '';
}

/** The JSON of the response. `at` is a path below the scope. `missing`: a 404 is a response too. */
export async function githubCall(
  { token, apiUrl = 'https://api.github.com', scope, fetch: send = fetch }: GitHub,
  method: string,
  at: string,
  { signal, json, missing }: { signal: AbortSignal; json?: object; missing?: boolean },
): Promise<Readonly<Record<string, unknown>> & { readonly gone?: boolean }> {
  const path = `${scopePath(scope)}/${at}`;
  const response = await send(`${safeUrl(apiUrl)}/${path}`, {
    method,
    signal,
    redirect: 'manual', // A repository that was renamed: the token stays here.
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'blazemeter-client-example',
      'x-github-api-version': '2022-11-28',
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const { status } = response;
  if (missing && status === 404) return { gone: true };
  if (!response.ok) {
    const why = await reasonOf(response, permission(scope, at), at);
    throw refused(`GitHub (${method} ${at})`, status, { [status]: why });
  }
  return status === 200 ? await response.json() : {};
}
