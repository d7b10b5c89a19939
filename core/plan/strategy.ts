/**
 * Conditions that edit at so many cuts or more go from their first one on through programs with an edit at every later one:
 * drawn over all depths, they have hardly a beginning in common, and stopping at every cut would cost more than an edit
 * that is not used.
 */
export const SPREAD_CUTS = 3;
