// Text from outside that would drive a terminal, turn a line around or command a CI system, and how to see that it is
// still obeyed.
import type { Random } from '../fuzz/random.ts';

export const payloads: Readonly<Record<string, string>> = {
  'a line break before a command': 'a\n::error::b',
  'a carriage return': 'a\r::error::b',
  'a colour': 'a\u001b[31mb',
  'a cursor that goes up': 'a\u001b[1A\u001b[2Kb',
  'a one-byte control sequence': 'a\u009b31mb',
  'a window title': 'a\u001b]0;b\u0007',
  'a link': 'a\u001b]8;;https://evil.example\u001b\\b\u001b]8;;\u001b\\',
  'the clipboard': 'a\u009d52;c;YQ==\u009cb',
  'a device control string': 'a\u001bP$q"p\u001b\\b',
  'a section of GitLab': 'section_start:1:a[collapsed=true]\r\u001b[0Kb',
  'a backspace': 'a\bb',
  'a null character': 'a\0b',
  'text turned around': 'a\u202ebc',
  'an isolate': 'a\u2066b\u2069',
  'a left-to-right mark': 'a\u200eb',
  'an Arabic letter mark': 'a\u061cb',
  'a line separator': 'a\u2028::error::b',
  'a paragraph separator': 'a\u2029::error::b',
  'a next line': 'a\u0085::error::b',
  'a zero-width space': 'a\u200bb',
  'a zero-width joiner': 'a\u200db',
  'a byte-order mark': '\ufeff::error::b',
  'a soft hyphen': 'a\u00adb',
  'a word joiner': 'a\u2060b',
  'a Hangul filler': 'a\u3164b',
  'a grapheme joiner': 'a\u034fb',
  'hidden tags': 'a\u{e0041}\u{e0042}',
  'variation selectors': 'a\ufe01\u{e0101}',
  'a musical sign that is not seen': 'a\u{1d173}b',
  'half a surrogate pair': 'a\ud800b',
  'the other half': 'a\udc00b',
  'an Azure command': '##vso[task.setvariable variable=a]b',
  'an Azure command in capitals': '##VSO[task.complete]b',
  'an Azure command behind a number sign': '###vso[task.complete]b',
  'a TeamCity command': "##teamcity[buildStatus text='b']",
  'an old GitHub command': 'a ##[error]b',
  'a GitHub command': '::add-mask::b',
  'a GitHub command behind blanks': '  \t::stop-commands::b',
  'a GitHub command where a line is broken': `${'long word '.repeat(3)}::error::b ${'x'.repeat(30)}::warning::c`,
  'a command that redaction would complete': `##${'a'.repeat(40)}b`,
};

/** What in the text would still be obeyed. */
export function obeyed(text: string): string[] {
  const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  // Line breaks are ours here: those of stacks, of lists, of inspect.
  return text
    .split('\n')
    .flatMap((line) => [
      ...(acting.test(line) ? ['a character that acts'] : []),
      ...(/##(?:vso|teamcity)?\[/i.test(line) ? ['a command of Azure or TeamCity'] : []),
      ...(/^\s*::/.test(line) ? ['a GitHub command'] : []),
    ]);
}

const PIECES = [
  ...Object.values(payloads),
  ...[
    '#',
    '##',
    '[',
    ':',
    '::',
    'vso',
    'VSO',
    'teamcity',
    ']',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\u00a0',
    '\u3000',
    '"',
    '\\',
  ],
  ...[
    'a word',
    '\u001b',
    '\u009b',
    '\u009d',
    '\u0090',
    '%0A',
    '%',
    '`',
    '|',
    '<b>',
    '&#27;',
    '\\u001b',
    '$',
    '{A}',
    '$(A)',
  ],
  ...[
    'e\u0301',
    '\u{1f600}',
    'x'.repeat(31),
    'y'.repeat(33),
    'word '.repeat(45),
    '__proto__',
    "'",
    '{',
    '}',
    ',',
  ],
];

/** A text of such pieces, as another one may come from outside at any time. */
export const hostileText = (random: Random): string =>
  Array.from({ length: 1 + random.int(random.chance(0.1) ? 40 : 6) }, () =>
    random.chance(0.15) ? String.fromCharCode(random.int(0x10000)) : random.pick(PIECES),
  ).join('');
