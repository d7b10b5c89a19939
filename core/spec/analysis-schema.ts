import { limits } from '../limits.js';
import { defaultAnalysis } from './defaults.js';
import { fraction, section, share, whole } from './schema-keyword.js';
import { keys } from './vocabulary.js';

const { rarefy } = defaultAnalysis;

/** How results are analysed. */
export const analysisSchema = section(keys.analysis, {
  confidence: share('Level of all intervals.', defaultAnalysis.confidence),
  fdr: share(
    'False discovery rate: predictors whose adjusted p (Benjamini-Yekutieli) is at most this are marked `discovered`.',
    defaultAnalysis.fdr,
  ),
  bootstrap: whole(100, 'Resamples of the predictors’ intervals.', defaultAnalysis.bootstrap, limits.bootstrap.value),
  far: fraction('Least distance in normalised depth of two sites that count as far apart.', defaultAnalysis.far),
  nulls: whole(
    0,
    'Networks without what training made, against which every measure of redundancy stands. With 0 there is no excess.',
    defaultAnalysis.nulls,
  ),
  rarefy: section(
    keys.rarefy,
    {
      kernels: whole(2, 'Systemic redundancy: kernels drawn at each site.', rarefy.kernels),
      sites: whole(2, 'Sites compared.', rarefy.sites),
    },
    [],
    { description: 'Of how much systemic redundancy is computed, so that networks can be compared.' },
  ),
});
