// One call to GitHub's REST API.
import { refusal, refused, safeUrl } from './refusal.ts';

export interface GitHub {
  /**
   * The token of a GitHub App's installation, or a person's fine-grained token, with the permission "Secrets: write" for
   * the repository (for an environment: "Environments: write"; for an organisation: its "Secrets: write"). The
   * `GITHUB_TOKEN` of a workflow has no such permission, whatever the workflow asks for.
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

const NOT_YOURS = 'GITHUB_TOKEN cannot: give a token of an App, or a fine-grained one, with Secrets: write.';
const WHY = {
  401: 'The token is not accepted: wrong, revoked, or expired.',
  403: NOT_YOURS,
  404: `Not there, or not for this token. ${NOT_YOURS}`,
  422: 'The public key that the secret was sealed with may have changed. Run it again.',
};

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

/** What a 403 or 429 means, where the token is not at fault. */
async function notTheToken(response: Response): Promise<string | undefined> {
  const { headers } = response;
  // Compared, and never shown.
  const message = await response.text().catch(() => '');
  if (headers.has('x-github-sso') || /\bSAML\b/.test(message))
    return 'The organisation asks for single sign-on (SAML): authorise the token for it under "Configure SSO".';
  if (/IP allow list/i.test(message)) return 'The organisation does not allow this IP address.';
  const spent = headers.get('x-ratelimit-remaining') === '0';
  if (!spent && !headers.has('retry-after') && !/rate limit/i.test(message)) return undefined;
  const reset = new Date(Number(headers.get('x-ratelimit-reset')) * 1000);
  const when = spent && reset.getTime() > 0 ? `after ${reset.toISOString()}` : 'in a few minutes';
  return `The rate limit is used up; the token itself is accepted. Run it again ${when}.`;
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
  const why = status === 403 || status === 429 ? await notTheToken(response) : undefined;
  if (!response.ok)
    throw refused(`GitHub (${method} ${path})`, status, why === undefined ? WHY : { [status]: why });
  return status === 200 ? await response.json() : {};
}
