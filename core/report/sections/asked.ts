import { hasKey, modes } from '../../spec/words/modes.js';
import { madeNulls, type NullsSpec } from '../../spec/words/nulls.js';
import { wordsOf } from '../../word-table.js';
import { architectureOf } from '../../training-name.js';
import { unique, type ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import type { Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, counted, listed, percent } from '../number-format.js';

type Study = ReportContext['input']['study'];

const amplitudeUnits: { readonly [U in Study['impulses'][number]['amplitudes']['unit']]: string } = {
  input: 'input units',
  std: 'channel deviations',
};

/** What measures of redundancy stand against, in words. */
function nullsOf(nulls: NullsSpec): string {
  const made = wordsOf(madeNulls).flatMap((kind) =>
    nulls[kind] === 0 ? [] : [`${counted(nulls[kind], 'network')} ${madeNulls[kind].with}`],
  );
  const others = nulls.unrelated.length === 0 ? [] : [`the other networks among ${listed(nulls.unrelated)}`];
  return listed([...made, ...others]) || 'nothing';
}

/** What was asked: the resolved study, in words and tables. */
export function asked({ input }: ReportContext): Section {
  const { study } = input;
  const { analysis } = study;
  const data = dataTable('Image sets', study.data, [
    { head: 'image set', cell: (set) => set.name },
    { head: 'images', numeric: true, cell: (set) => count(set.chunks.reduce((sum, chunk) => sum + chunk.images, 0)) },
    { head: 'one image', cell: (set) => `${set.shape.join(' × ')} (channels × height × width)` },
    { head: 'classes', numeric: true, cell: (set) => (set.classes === null ? '–' : count(set.classes.length)) },
  ]);
  const models = dataTable('Networks', study.models, [
    { head: 'network', cell: (model) => model.name },
    { head: 'format', cell: (model) => model.format },
    { head: 'evaluated on', cell: (model) => model.data },
    { head: 'reference images', cell: (model) => model.reference },
    { head: 'kernels cut after', cell: (model) => model.after },
    { head: 'output', cell: (model) => model.output.kind },
    { head: 'content', cell: (model) => html`<code>${model.content.slice(0, 12)}</code>` },
  ]);
  return {
    id: 'asked',
    title: 'What was asked',
    blocks: [
      html`<p>
        The study <b>${study.study}</b> compares
        ${counted(study.models.length, 'network')}${
          study.models.length === 0
            ? null
            : html` (${listed(unique(study.models.map(({ name }) => architectureOf(name))))})`
        }
        with ${counted(study.ablations.length, 'ablation')} and ${counted(study.impulses.length, 'set')} of unit
        impulses. Intervals are at ${percent(analysis.confidence)}, false discoveries are held at
        ${percent(analysis.fdr)}, bootstraps draw ${count(analysis.bootstrap)} times, sites count as far apart from a
        normalised depth of
        ${analysis.far}${
          input.tables.nulls.length === 0 ? '' : `, and measures of redundancy stand against ${nullsOf(analysis.nulls)}`
        }.
        All chance follows from seed ${study.seed}.
      </p>`,
      study.data.length === 0 ? html`<p class="none">No image set was given.</p>` : data,
      study.models.length === 0 ? html`<p class="none">No network was given.</p>` : models,
      ...(study.ablations.length === 0 ? [] : [ablationsOf(study)]),
      ...(study.impulses.length === 0 ? [] : [impulsesOf(study)]),
      input.yaml === null
        ? html``
        : html`<details>
            <summary>The spec as written</summary>
            <pre tabindex="0"><code>${input.yaml}</code></pre>
          </details>`,
    ],
  };
}

/** Names of networks, `all` where it is all of the study; trainings of an architecture by its name. */
function namesOf(names: readonly string[], study: Study): string {
  return study.models.every(({ name }) => names.includes(name)) && names.length > 1
    ? 'all'
    : unique(names.map(architectureOf)).join(', ');
}

function ablationsOf(study: Study): Html {
  return dataTable('Ablations', study.ablations, [
    { head: 'ablation', cell: (ablation) => ablation.name },
    { head: 'networks', cell: (ablation) => namesOf(ablation.models, study) },
    { head: 'removes', cell: (ablation) => `${ablation.unit}s of ${ablation.layers.join(', ')}` },
    { head: 'mode', cell: (ablation) => ablation.mode },
    { head: 'filled with', cell: (ablation) => ablation.fill.join(', ') },
    {
      head: 'fractions',
      cell: (ablation) => (hasKey(ablation.mode, 'fractions') ? ablation.fractions.map(percent).join(', ') : '–'),
    },
    {
      head: 'trials',
      numeric: true,
      cell: (ablation) => (hasKey(ablation.mode, 'trials') ? count(ablation.trials) : '–'),
    },
    { head: 'spread', cell: (ablation) => (hasKey(ablation.mode, 'spread') ? ablation.spread.join(', ') : '–') },
    {
      head: 'stops at',
      cell: ({ stop }) =>
        stop === undefined
          ? '–'
          : `${'top' in stop ? `top ${stop.top} within ${stop.epsilon} nat` : `± ${stop.precision} nat`}, ${percent(stop.confidence)}, clipped at ${stop.clip}`,
    },
    { head: 'pairs within', cell: ({ pairs }) => pairs?.within.join(', ') ?? '–' },
    {
      head: 'at most',
      numeric: true,
      cell: ({ pairs, quadruples }) => {
        const most = pairs?.budget ?? quadruples?.budget;
        return most === undefined ? '–' : count(most);
      },
    },
    { head: 'keeps', cell: ({ keep, mode }) => keep ?? modes[mode].keeps },
    { head: 'order', cell: (ablation) => (hasKey(ablation.mode, 'order') ? ablation.order : '–') },
  ]);
}

function impulsesOf(study: Study): Html {
  return dataTable('Impulses', study.impulses, [
    { head: 'impulses', cell: (impulse) => impulse.name },
    { head: 'networks', cell: (impulse) => namesOf(impulse.models, study) },
    { head: 'given at', cell: (impulse) => (impulse.at === 'input' ? 'input' : impulse.at.join(', ')) },
    {
      head: 'positions',
      cell: (impulse) =>
        typeof impulse.positions === 'string'
          ? impulse.positions
          : 'phases' in impulse.positions
            ? `${impulse.positions.phases} phases a base`
            : impulse.positions.map(([row, column]) => `(${row}, ${column})`).join(', '),
    },
    {
      head: 'amplitudes',
      cell: ({ amplitudes }) =>
        `${amplitudes.values.join(', ').replaceAll('-', '−')} ${amplitudeUnits[amplitudes.unit]}`,
    },
    {
      head: 'on',
      cell: ({ bases }) => ('images' in bases ? counted(bases.images, 'reference image') : bases.join(', ')),
    },
    {
      head: 'resolves',
      cell: ({ resolve }) =>
        resolve === undefined
          ? '–'
          : [
              ...(resolve.r2 === undefined ? [] : [`R² within ${resolve.r2}`]),
              ...(resolve.sr === undefined ? [] : [`SR within ${resolve.sr}`]),
              `at most ${counted(resolve.budget.images, 'image')} × ${counted(resolve.budget.positions, 'position')}`,
            ].join(', '),
    },
    { head: 'recorded at', cell: (impulse) => impulse.record.join(', ') },
  ]);
}
