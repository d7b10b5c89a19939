import { devicesOf, engineNames, hasDevice } from '../numeric-mode.js';
import { fieldsOf, type Cursor, type Fields } from './cursor.js';
import { nullsReader } from './read-nulls.js';
import { defaultAnalysis, defaultRun, leastMemory } from './defaults.js';
import type { AnalysisSpec, RunSpec } from './study-spec.js';
import { count, fraction, number, oneOf } from './value.js';
import { keys, vocabulary } from './vocabulary.js';

const share = number('a fraction between 0 and 1', (value) => value > 0 && value < 1);

/** The section `analysis` of a study with these networks. */
export function readAnalysis(cursor: Cursor | undefined, models: readonly string[]): AnalysisSpec {
  const fields = cursor && !cursor.isNothing ? fieldsOf(cursor, keys.analysis) : undefined;
  if (!fields) return defaultAnalysis;
  const given = fields.get('rarefy');
  const rarefy = given && fieldsOf(given, keys.rarefy);
  const { rarefy: usual } = defaultAnalysis;
  return {
    confidence: fields.optional('confidence', share, defaultAnalysis.confidence),
    fdr: fields.optional('fdr', share, defaultAnalysis.fdr),
    bootstrap: fields.optional('bootstrap', count(100, 'bootstrap'), defaultAnalysis.bootstrap),
    far: fields.optional('far', fraction, defaultAnalysis.far),
    nulls: fields.optional('nulls', nullsReader(models), defaultAnalysis.nulls),
    rarefy: rarefy
      ? {
          kernels: rarefy.optional('kernels', count(2), usual.kernels),
          sites: rarefy.optional('sites', count(2), usual.sites),
        }
      : usual,
  };
}

/** The section `run`. */
export function readRun(cursor: Cursor | undefined): RunSpec {
  const fields = cursor && !cursor.isNothing ? fieldsOf(cursor, keys.run) : undefined;
  if (!fields) return defaultRun;
  const given = fields.get('limit');
  const limit = given && fieldsOf(given, keys.limit);
  const positive = number('a number above 0', (value) => value > 0);
  return {
    ...readEngine(fields),
    onFailure: fields.optional('onFailure', oneOf(vocabulary.onFailure), defaultRun.onFailure),
    workers: fields.optional<number | undefined>('workers', count(1, 'workers'), undefined),
    memory: fields.optional<number | undefined>('memory', count(leastMemory), undefined),
    batchSeconds: fields.optional('batchSeconds', positive, defaultRun.batchSeconds),
    limit: limit
      ? {
          hours: limit.optional('hours', positive, defaultRun.limit.hours),
          bytes: limit.optional('bytes', count(1), defaultRun.limit.bytes),
          cells: limit.optional('cells', count(1), defaultRun.limit.cells),
        }
      : defaultRun.limit,
  };
}

function readEngine(fields: Fields): Pick<RunSpec, 'engine' | 'device'> {
  const engine = fields.optional('engine', oneOf(vocabulary.engine), defaultRun.engine);
  const device = fields.optional('device', oneOf(vocabulary.device), defaultRun.device);
  if (engine !== 'auto' && device !== 'auto' && !hasDevice(engine, device)) {
    const others = engineNames.filter((name) => hasDevice(name, device)).join(', ');
    fields
      .get('device')
      ?.fail(
        `engine ${engine} does not compute on ${device}`,
        `its devices: ${devicesOf(engine).join(', ')}; engines with ${device}: ${others}`,
      );
  }
  return { engine, device };
}
