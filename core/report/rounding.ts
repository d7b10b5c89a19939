/** In nats: what outputs in float32 leave of an excess that is 0, about (docs/science.md). What lies below is not spoken of. */
export const ROUNDING = 1e-6;
