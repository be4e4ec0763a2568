// Between JSON, of which nothing is known, and methods of the reference that want a type.

/**
 * That a value is an object. What is in it, the reference reads field by field, and refuses by path what is not as the
 * type says; so this look is enough to hand it over.
 */
export const isObject = <Kind extends object>(value: unknown): value is Kind =>
  typeof value === 'object' && value !== null;
