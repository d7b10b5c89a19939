/** The version of percuss, as in package.json (`test/house/api-document.test.ts` holds them equal): part of every result's provenance. */
export const percussVersion = '0.1.0';
