/** The text of docs/api.md, made from the sources. */
export function apiPage(): string;
