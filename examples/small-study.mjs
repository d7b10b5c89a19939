/** A study that takes seconds: one demo network, few images. Paths are relative to the root of a clone. */
export const smallStudy = (name, ablations) => ({
  version: 1,
  study: name,
  data: { test: images('test', 100), train: images('train', 50) },
  defaults: { data: 'test', reference: 'train', input: { divide: 255, mean: [0], std: [1] } },
  models: { residual: { file: 'experiments/zoo/residual/model.json', expect: { accuracy: 0.88, within: 0.1 } } },
  ablations,
});

function images(part, count) {
  const file = (what, rank) => `experiments/zoo/data/${part}-${what}-idx${rank}-ubyte`;
  return { format: 'idx', files: [file('images', 3)], labels: [file('labels', 1)], images: count };
}
