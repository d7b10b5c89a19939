import { cellBytes } from '../../plan/cost.js';
import { gradientsBytes, profileBytes, responseBytes } from '../../plan/count.js';
import { outputBytes, outputForm } from '../../plan/kept-outputs.js';
import { signatureBytes } from '../../plan/null-groups.js';
import {
  askedGradients,
  conditionList,
  impulseGroup,
  keepsOutputsOf,
  nullGroup,
  type ModelOutline,
} from '../../plan/outline.js';
import type { WholeGroup } from '../../plan/planner.js';
import { optimumBytes, optimumChannels } from '../../plan/optimum.js';
import { momentBytes, momentSizes } from '../../plan/substitution.js';

/** Bytes that one unit leaves in the store; for responses an upper bound: whole maps, before they are cropped. */
export function unitBytes(group: WholeGroup, outline: ModelOutline): number {
  switch (group.kind) {
    case 'cells':
    case 'baseline': {
      const { outputs } = outline.anatomy;
      const form = group.kind === 'baseline' ? 'whole' : outputForm(outputs);
      const kept = keepsOutputsOf(outline, group) ? outputBytes(form, outputs, group.images) : 0;
      return cellBytes(group.images) + kept;
    }
    case 'profile':
      return profileBytes(outline.anatomy);
    case 'gradients':
      return gradientsBytes(askedGradients(outline), outline.anatomy);
    case 'moments':
      return momentsBytes(outline);
    case 'optima': {
      const bytes = outline.optima.map((one) => optimumBytes(optimumChannels(outline.anatomy, one)));
      return bytes.reduce((sum, own) => sum + own, 0) / Math.max(1, bytes.length);
    }
    case 'predictions':
      return 4 * conditionList(outline, group.name).length * (outline.chunks[0]?.images ?? 0);
    case 'responses':
      return groupBytes(group, outline);
    case 'nulls':
      return nullBytes(group, outline);
  }
}

/** Of one site on average. */
function momentsBytes({ anatomy, substitutions }: ModelOutline): number {
  const bytes = substitutions.map((one) => momentBytes(momentSizes(anatomy, one), one.fill));
  return bytes.reduce((sum, own) => sum + own, 0) / Math.max(1, bytes.length);
}

function groupBytes(group: WholeGroup, outline: ModelOutline): number {
  if (group.count === 0) return 0;
  const { sites } = outline.anatomy;
  const impulses = impulseGroup(outline, group.name, 0);
  const rows = impulses.channels.length * impulses.positions.length * impulses.amplitudes.values.length;
  const recorded = sites.filter((site) => impulses.record.includes(site.name));
  return responseBytes(recorded, rows, impulses.amplitudes.values.length, impulses.keep);
}

/** Of the first object: the last of a null may hold fewer bases. */
function nullBytes(group: WholeGroup, outline: ModelOutline): number {
  const { channels, bases, record } = nullGroup(outline, group.name, 0);
  const recorded = outline.anatomy.sites.filter((site) => record.includes(site.name));
  return bases.reduce((sum, { positions }) => sum + signatureBytes(recorded, channels.length * positions.length), 0);
}
