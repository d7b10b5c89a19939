/** Up to so many outputs of a network are kept themselves, above as a sketch. */
export const WHOLE_OUTPUTS = 100;

/** Numbers of a sketch, an image. */
export const SKETCH_VALUES = 16;

/** `whole`: outputs as the network gives them; `sketch`: their change in random directions, see `core/probe/output-sketch.ts`. */
export type OutputForm = 'whole' | 'sketch';

/** In which form the outputs of lesions are kept, of a network of so many; those of the intact network are kept whole. */
export const outputForm = (classes: number): OutputForm => (classes <= WHOLE_OUTPUTS ? 'whole' : 'sketch');

/** Numbers that are kept of an image. */
export const keptValues = (form: OutputForm, classes: number): number => (form === 'whole' ? classes : SKETCH_VALUES);

/** Bytes of the kept outputs of one condition on so many images, key included, of a network of so many outputs. */
export const outputBytes = (form: OutputForm, classes: number, images: number): number =>
  4 * images * keptValues(form, classes) + 32;
