import { limits } from '../limits.js';
import { defaultAnalysis } from './defaults.js';
import { wordsOf } from '../word-table.js';
import { fraction, section, sentence, share, some, text, whole, type Schema } from './schema-keyword.js';
import { keys } from './vocabulary.js';
import { madeNulls, nulls, type MadeNullName } from './words/nulls.js';

const { rarefy } = defaultAnalysis;

/** How results are analysed. */
export const analysisSchema = section(keys.analysis, {
  confidence: share('Level of all intervals.', defaultAnalysis.confidence),
  fdr: share(
    'False discovery rate: predictors, and pairs of sites, whose adjusted p (Benjamini-Yekutieli) is at most this are marked `discovered`.',
    defaultAnalysis.fdr,
  ),
  bootstrap: whole(100, 'Resamples of the predictors’ intervals.', defaultAnalysis.bootstrap, limits.bootstrap.value),
  far: fraction('Least distance in normalised depth of two sites that count as far apart.', defaultAnalysis.far),
  nulls: section(
    keys.nulls,
    {
      ...(Object.fromEntries(
        wordsOf(madeNulls).map((kind) => [
          kind,
          whole(0, sentence(madeNulls[kind].meaning), defaultAnalysis.nulls[kind]),
        ]),
      ) as Record<MadeNullName, Schema>),
      unrelated: some(text(`${sentence(nulls.unrelated.meaning)} Default: none.`, 'name or glob')),
    },
    [],
    {
      description:
        'Networks against which every measure of redundancy stands, by kind. With fewer than 3 shuffled ones an excess has no interval, with fewer than 19 no pair of sites is discovered at a rate of 0.05, with 0 there is none.',
    },
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
