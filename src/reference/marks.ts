// Where a statement about the API comes from.

/**
 * `documented` by BlazeMeter; `observed` in recorded answers of the service, or in what real clients send and read;
 * `assumed`: nothing public says it.
 */
export type Mark = 'documented' | 'observed' | 'assumed';
