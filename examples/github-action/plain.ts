// One line of text for the log of a CI system. Names, ids and messages of a service go through here as the last step, so that
// none of them commands the runner (`::`, `##vso[`, `##[`, `##teamcity[`), begins a line of its own, or drives a terminal.
const ACTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu;

export const plain = (text: string): string =>
  text
    .replace(ACTING, ' ')
    .replace(/#(?=#(?:vso|teamcity)?\[)/gi, '# ')
    .replace(/^(\s*):(?=:)/, '$1: ');

/** An id or a word as the output of a step, which later steps print or put into a script: what could act there becomes `_`. */
export const plainOutput = (value: string): string => value.replace(/[^\w.:-]/g, '_');
