import type { Json } from '../../canonical.js';
import type { Ref } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import { printBase } from '../../plan/impulses.js';
import type { ModelOutline } from '../../plan/outline.js';
import { uncropped, type Crop } from '../../probe/crop.js';
import type { ImpulseRecord } from '../../probe/gathering.js';
import type { ReportInput, ResponsePicture } from '../../report/input.js';
import { renderReport } from '../../report/report.js';
import { studyJson } from '../../report/summary.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { Tensor } from '../../tensor.js';
import { baselineDoubts } from './baseline-doubts.js';
import type { Catalog } from '../catalog.js';
import { choiceLines, type ModeChoice } from '../preparing/choose-mode.js';
import { adoptedScores } from '../planning/decisions.js';
import { CellReader } from '../reading/cell-reader.js';
import { loadGradients } from '../reading/load-gradients.js';
import { loadResponses } from '../reading/load-model-results.js';
import { loadOutlines } from '../reading/outlines.js';
import type { RunCounts } from '../steps.js';
import type { ModelResults, ResponseResultRead } from '../reading/model-results.js';
import { percussVersion } from '../version.js';
import { keptResponses } from '../../spec/words/kept-responses.js';

/** Sites that are shown for each network. */
const PICTURES = 6;

/** The report and `study.json` of an analysed study. */
export async function renderStudyReport(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  { tables, gathered }: Pick<ReportInput, 'tables' | 'gathered'>,
  { files, cells }: { readonly files: Readonly<Record<string, Ref<Uint8Array>>>; readonly cells: RunCounts },
): Promise<{ readonly html: string; readonly summary: Json }> {
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: await adoptedScores(ledger, ref) });
  const pictures: ResponsePicture[] = [];
  const withoutGradients: string[] = [];
  const machines = new Map<string, number>();
  for (const outline of models) {
    const intact = await CellReader.intact(ledger, outline, study.seed);
    if (intact?.state === 'ok') {
      const responses = await loadResponses(ledger, outline, study.seed);
      for (const picture of picturesOf(outline, responses)) pictures.push(picture);
      const refused = (await loadGradients(ledger, outline, study.seed))?.refused;
      if (refused !== undefined) withoutGradients.push(refused);
    }
    for (const line of await ledger.provenanceOf(outline.scope))
      machines.set(line.text, (machines.get(line.text) ?? 0) + line.cells);
  }
  const choice = await ledger.getDecision<ModeChoice>(ref.id, 'choice');
  const input: ReportInput = {
    id: ref.id,
    study,
    mode: ref.mode,
    yaml: (await ledger.getDecision<string>(ref.id, 'yaml')) ?? null,
    tables,
    gathered,
    cells,
    pictures,
    warnings: [...(await baselineDoubts(ledger, catalog, models, study.seed)).values()].flat(),
    withoutGradients,
    provenance: {
      versions: { percuss: percussVersion, node: process.version },
      machines: [...machines].map(([text, cells]) => `${text}: ${cells} cells`),
      times: { written: new Date().toISOString() },
      ...(choice ? { choice: choiceLines(choice) } : {}),
      objects: Object.entries(files).map(([name, { key, sha256 }]) => ({ name, key, sha256 })),
    },
  };
  return { html: await renderReport(input), summary: studyJson(input) };
}

/** The strongest channel at sites of increasing depth, for the first impulse on a flat base. */
function picturesOf({ model, anatomy }: ModelOutline, responses: ModelResults['responses']): ResponsePicture[] {
  const read = responses
    .flatMap(({ groups }) => groups)
    .find(({ group }) => keptResponses[group.keep].maps && typeof group.base === 'string' && group.at === 'input');
  const impulse = read?.impulses[0];
  if (!read || !impulse) return [];
  const sites = anatomy.sites.filter((site) => read.tensors.has(`response/${site.name}/0`));
  const count = Math.min(PICTURES, sites.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => sites[Math.round((i * (sites.length - 1)) / Math.max(1, count - 1))],
  );
  return chosen.flatMap((site) => (site ? pictureOf(model.name, read, impulse, site) : []));
}

function pictureOf(
  model: string,
  read: ResponseResultRead,
  impulse: ImpulseRecord,
  site: { readonly name: string; readonly depth: number; readonly shape: readonly number[] },
): ResponsePicture[] {
  const part = read.tensors.get(`response/${site.name}/0`) as Tensor<'float32'>;
  const norms = (read.tensors.get(`norm/${site.name}`) as Tensor<'float32'>).data;
  const crops = (read.tensors.get(`crop/${site.name}`) as Tensor<'int32'>).data;
  const [channels, height = 1, width = 1] = site.shape as [number, number?, number?];
  let strongest = 0;
  for (let k = 1; k < channels; k++) if ((norms[k] as number) > (norms[strongest] as number)) strongest = k;
  const [top, left, h, w] = [...crops.subarray(0, 4)] as [number, number, number, number];
  const crop: Crop = { top, left, height: h, width: w };
  const whole = uncropped(part, crop, height, width);
  return [
    {
      model,
      impulse: `channel ${impulse.channel}, amplitude ${impulse.amplitude}, at (${impulse.row}, ${impulse.column}) on ${printBase(read.group.base)}`,
      site: site.name,
      channel: strongest,
      depth: site.depth,
      height,
      width,
      values: whole.data.subarray(strongest * height * width, (strongest + 1) * height * width),
    },
  ];
}
