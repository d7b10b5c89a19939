/** The version of percuss, as in package.json (a test holds them equal): part of every result's provenance. */
export const percussVersion = '0.1.0';
