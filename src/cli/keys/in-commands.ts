// Advice that the library gives to programmers, said to people at a command line.

const rewrites: readonly (readonly [RegExp, string])[] = [
  [/client\.apiKeys\.delete\('([^']*)'\)/g, 'blazemeter-keys delete $1'],
  [/client\.apiKeys\.create\b/g, 'blazemeter-keys create'],
  [/(blazemeter-keys create), expiresIn: 'max'/g, '$1 --expires-in max'],
  [
    /client\.accounts\.apiKeyPolicy\.set\((\d+), \{ maximum: '([^']*)' \}\)/g,
    "blazemeter-keys policy set --account $1 --maximum '$2'",
  ],
  [
    /client\.accounts\.apiKeyPolicy\.set\((\d+), \{ maximum: \{ days: (\d+) \} \}\)/g,
    "blazemeter-keys policy set --account $1 --maximum '$2 days'",
  ],
  [/\{ maximum: '([^']*)' \}/g, "--maximum '$1'"],
  [/\{ maximum: \{ days: (\d+) \} \}/g, "--maximum '$1 days'"],
  [
    /rotate\(client, \{ store, reason: '(\w+)', expiresIn: '([^']*)' \}\)/g,
    "blazemeter-keys rotate --store <file> --reason $1 --expires-in '$2'",
  ],
  [
    /rotate\(client, \{ store, reason: '(\w+)', expiresIn: \{ days: (\d+) \} \}\)/g,
    "blazemeter-keys rotate --store <file> --reason $1 --expires-in '$2 days'",
  ],
  [/adopt\(client, \{ store, name, credentials \}\)/g, 'blazemeter-keys adopt'],
  [/Give a window \(within\)/g, 'Give a window (--within)'],
  [/a longer life \(expiresIn\)/g, 'a longer life (--expires-in)'],
  [/say quietFor\b/g, 'say --quiet-for'],
  [/give `credentials`/g, 'say --key-file <file>'],
  [/,? or set allowInsecureFile/g, ''],
  [/\ballowSelf: true/g, '--allow-self'],
  [/Call resolve\(\) on this error to find out\./g, 'Look with blazemeter-keys list.'],
  [/another key of the same user as recovery\b/g, 'another key of the same user as --recovery-file'],
  [/with (?:a|the) recovery credential( of the same user)?/g, 'with another key$1 as --recovery-file'],
  [/\b([Rr])un resume\b/g, '$1un blazemeter-keys rotate --resume'],
  [/say takeOver: true/g, 'say --take-over'],
  [/check baseUrl\b/g, 'check --base-url'],
  [/give the client operations: \{[^}]*\{[^}]*\} \}/g, "the library's option `operations` corrects it"],
  [/\bfromKeyFile \(([^)]*)\) names a file that does not exist/g, 'The key file $1 does not exist'],
  [
    /\b(?:keyFileSink|writeKeyFile) \(([^)]*)\) could not be written \(ENOENT\)/g,
    'The folder of $1 does not exist',
  ],
  [/\b(?:fromKeyFile|keyFileSink|writeKeyFile) \(([^)]*)\)/g, 'The key file $1'],
  [
    /newSecret holds the (secret|whole answer): keep it, it is shown this one time\./g,
    'The $1 is shown this one time.',
  ],
];

/** The same advice, with commands in place of calls. */
export const inCommands = (text: string): string =>
  rewrites.reduce((said, [from, to]) => said.replace(from, to), text);
