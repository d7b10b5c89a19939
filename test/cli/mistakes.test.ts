import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verbs } from '../../cli/verbs.js';
import { errorCodes, type ErrorCode } from '../../core/error-codes.js';
import type { Failure } from '../../cli/exit.js';
import { writeNpy } from '../../bench/npy-file.js';
import { float32 } from '../../core/tensor.js';
import { answer, Workplace, type Ended } from './percuss.js';

const narrow = path.resolve(import.meta.dirname, '../../experiments/zoo/narrow/model.json');
const linux = process.platform === 'linux';

interface Mistake {
  readonly what: string;
  readonly args: readonly string[];
  readonly exit: number;
  readonly code: ErrorCode;
  /** What the message must name. */
  readonly names: RegExp;
}

const mistake = (what: string, line: string, code: ErrorCode, names: RegExp, exit = 2): Mistake => ({
  what,
  args: line.split(' '),
  exit,
  code,
  names,
});

/** Below a folder with: `taken` (a file), `folder/`, `store/` (a folder that is no store), and what `beforeAll` writes. */
const mistakes: readonly Mistake[] = [
  mistake('init into a folder that is not there', 'init absent/study.yaml', 'FILE_MISSING', /absent\/study\.yaml.*create the folder/),
  mistake('init onto a folder', 'init folder', 'USAGE', /folder exists already/),
  mistake('init below a file', 'init taken/study.yaml', 'FILE_UNUSABLE', /taken\/study\.yaml.*is a file, not a folder/),
  mistake('init with too long a name', `init ${'x'.repeat(300)}.yaml`, 'FILE_UNUSABLE', /too long/),
  ...(linux ? [mistake('init where nothing can be written', 'init /proc/study.yaml', 'FILE_MISSING', /\/proc\/study\.yaml/)] : []),
  mistake('validate without a spec', 'validate', 'USAGE', /missing required argument 'spec'/),
  mistake('validate a folder', 'validate folder', 'FILE_MISSING', /folder/),
  mistake('validate what is no YAML', 'validate broken.yaml', 'SPEC_INVALID', /broken\.yaml:\d+:\d+/),
  mistake('validate an empty spec', 'validate empty.yaml', 'SPEC_INVALID', /empty\.yaml/),
  mistake('validate a spec whose network is not there', 'validate lost.yaml', 'SPEC_INVALID', /absent\.onnx/),
  mistake('check without inputs', `check ${narrow}`, 'USAGE', /--inputs/),
  mistake('check with inputs that are not there', `check ${narrow} --inputs no.npy --expect no.npy`, 'FILE_MISSING', /no\.npy/),
  mistake('check with a tolerance below 0', `check ${narrow} --inputs a --expect b --tolerance -1`, 'USAGE', /'-1'.*from 0/),
  mistake('check on an engine that there is not', `check ${narrow} --inputs a --expect b --engine torch`, 'USAGE', /onnxruntime/),
  mistake('check an output that there is not', `check ${narrow} --inputs a --expect b --output nothing`, 'USAGE', /no output nothing/),
  mistake('check with inputs of another shape', `check ${narrow} --inputs flat.npy --expect flat.npy`, 'DATA_INVALID', /flat\.npy has the shape \[2, 3\].*takes \[n, 28, 28, 1\]/),
  mistake('inspect a folder', 'inspect folder', 'MODEL_UNSUPPORTED', /of a folder, name the file in it/),
  mistake('inspect a network that is not there', 'inspect absent.onnx', 'FILE_MISSING', /absent\.onnx cannot be read \(there is no such file\)$/),
  mistake('inspect what is no network', 'inspect taken', 'MODEL_UNSUPPORTED', /taken/),
  mistake('inspect a folder named as a network', 'inspect folder.onnx', 'FILE_MISSING', /folder\.onnx/),
  mistake('inspect behind what there is not', `inspect ${narrow} --after nothing`, 'USAGE', /conv, norm, activation/),
  mistake('baseline of a spec that is not there', 'baseline absent.yaml', 'FILE_MISSING', /absent\.yaml/),
  mistake('plan a spec that is not there', 'plan absent.yaml', 'FILE_MISSING', /absent\.yaml/),
  mistake('plan with a store that is a file', 'plan lost.yaml --store taken', 'USAGE', /it is a file, not a folder/),
  mistake('prune without a goal', 'prune study --out small.onnx', 'USAGE', /one of --kernels, --macs and --accuracy/),
  mistake('prune with two goals', 'prune study --out small.onnx --kernels 0.5 --macs 0.5', 'USAGE', /one of --kernels/),
  mistake('prune without a file to write', 'prune study --kernels 0.5', 'USAGE', /--out/),
  mistake('prune everything', 'prune study --out small.onnx --kernels 0', 'USAGE', /above 0 and below 1/),
  mistake('prune for a better accuracy', 'prune study --out small.onnx --accuracy 0.1', 'USAGE', /a fall, such as -0\.01/),
  mistake('prune a study that there is not', 'prune absent --out small.onnx --kernels 0.5', 'NOT_FOUND', /no study absent/),
  mistake('prune by another fill', 'prune study --out small.onnx --kernels 0.5 --fill resample', 'USAGE', /zero, mean/),
  mistake('prune onto a file that is there', 'prune study --kernels 0.5 --out taken', 'USAGE', /taken exists already; .*--force/),
  mistake('prune below a file', 'prune study --kernels 0.5 --out taken/small.onnx', 'FILE_UNUSABLE', /is a file, not a folder/),
  mistake('preview a spec that is not there', 'preview absent.yaml', 'FILE_MISSING', /absent\.yaml/),
  mistake('run with a store that is below a file', 'run lost.yaml --store taken/store', 'USAGE', /a part of its path is a file/),
  mistake('run without workers', 'run lost.yaml --workers 0', 'USAGE', /'0'.*from 1 to/),
  mistake('run with hexadecimal workers', 'run lost.yaml --workers 0x10', 'USAGE', /whole number/),
  mistake('run with too little memory', 'run lost.yaml --memory 5MB', 'USAGE', /2GB/),
  mistake('run with a server from nowhere', 'run lost.yaml --server-from heaven', 'USAGE', /auto, official, wheel or go/),
  mistake('submit with a priority outside its range', 'submit lost.yaml --priority 9', 'USAGE', /'9'.*from 1 to 5/),
  mistake('submit with a priority of nothing', 'submit lost.yaml --priority 0', 'USAGE', /from 1 to 5/),
  mistake('submit with too wide a window', 'submit lost.yaml --window 100000', 'USAGE', /from 1 to 500/),
  mistake('submit where no Temporal is', 'submit lost.yaml', 'TEMPORAL_UNREACHABLE', /percuss server start/, 4),
  mistake('resume a study that there is not', 'resume absent', 'NOT_FOUND', /no study absent/),
  mistake('resume a spec that is not there', 'resume absent.yaml', 'FILE_MISSING', /absent\.yaml/),
  mistake('pause a study that there is not', 'pause absent', 'NOT_FOUND', /no study absent/),
  mistake('cancel a study that there is not', 'cancel absent', 'NOT_FOUND', /no study absent/),
  mistake('window of a study that there is not', 'window absent 4', 'NOT_FOUND', /no study absent/),
  mistake('window of no batches', 'window absent 0', 'USAGE', /'0'.*from 1 to 500/),
  mistake('priority of a study that there is not', 'priority absent 1', 'NOT_FOUND', /no study absent/),
  mistake('priority beyond the last', 'priority absent 6', 'USAGE', /'6'.*from 1 to 5/),
  mistake('status of a study that there is not', 'status absent', 'NOT_FOUND', /no study absent/),
  mistake('watch a study that there is not', 'watch absent', 'NOT_FOUND', /no study absent/),
  mistake('list a store that is a file', 'list --store taken', 'USAGE', /it is a file, not a folder/),
  mistake('list a store of no kind', 'list --store gopher://x/y', 'USAGE', /no kind of store called gopher/),
  mistake('list with an argument too many', 'list everything', 'USAGE', /too many arguments/),
  mistake('report of a study that there is not', 'report absent --out elsewhere', 'NOT_FOUND', /no study absent/),
  mistake('query a study that there is not', 'query absent SELECT', 'NOT_FOUND', /no study absent/),
  mistake('explain a study that there is not', 'explain absent', 'NOT_FOUND', /no study absent/),
  mistake('explain a spec that is not there', 'explain absent.yaml', 'FILE_MISSING', /absent\.yaml/),
  mistake('explain a cell against a study', 'explain absent --ablation a --against b', 'USAGE', /--against compares studies/),
  mistake('explain a channel that is no number', 'explain absent --ablation a --channel x', 'USAGE', /'x'.*whole number/),
  mistake('rm of a study that there is not', 'rm absent', 'NOT_FOUND', /no study absent/),
  mistake('gc with too short a grace', 'gc --grace 0.5', 'USAGE', /'0\.5'.*from 1 to/),
  mistake('gc with a grace of nothing', 'gc --grace none', 'USAGE', /'none'.*from 1 to/),
  mistake('verify a study that there is not', 'verify absent', 'NOT_FOUND', /no study absent/),
  mistake('verify more than all', 'verify absent --sample 200%', 'USAGE', /1%, 0\.01 or all/),
  mistake('verify on a device that the engine lacks', 'verify absent --engine reference --device cuda', 'USAGE', /devices: cpu/),
  mistake('worker without slots', 'worker --slots 0', 'USAGE', /from 1 to/),
  mistake('worker of a role that there is not', 'worker --roles dance', 'USAGE', /control, analyse, evaluate/),
  mistake('worker where no Temporal is', 'worker', 'TEMPORAL_UNREACHABLE', /percuss server start/, 4),
  mistake('worker of a profile that there is not', 'worker --temporal absent', 'USAGE', /profile absent/),
  mistake('server told to dance', 'server dance', 'USAGE', /start, status and stop/),
  mistake('server whose record is damaged', 'server status', 'SERVER_UNAVAILABLE', /server\.json.*remove it/, 4),
  mistake('bench an engine that there is not', `bench torch ${narrow}`, 'USAGE', /engines: onnxruntime, tfjs, reference/),
  mistake('bench a network that is not there', 'bench onnxruntime absent.onnx', 'FILE_MISSING', /absent\.onnx/),
  mistake('doctor with an option that there is not', 'doctor --cure', 'USAGE', /unknown option '--cure'/),
  mistake('a verb that there is not', 'constructor', 'USAGE', /unknown command 'constructor'/),
  mistake('no verb', '--store=store', 'USAGE', /a verb is missing/),
]; // prettier-ignore

describe('a mistake of whoever calls is told as theirs', { timeout: 240_000 }, () => {
  const place = new Workplace();
  const ends = new Map<string, Promise<Ended>>();
  /** Where a file of ours is damaged. */
  const damaged = new Workplace();
  afterAll(() => {
    place.close();
    damaged.close();
  });

  beforeAll(() => {
    for (const name of ['folder', 'folder.onnx', 'store']) mkdirSync(place.path(name));
    writeFileSync(place.path('taken'), 'taken');
    writeFileSync(place.path('flat.npy'), writeNpy(float32([2, 3], new Float32Array(6))));
    mkdirSync(damaged.path('state/percuss/server'), { recursive: true });
    writeFileSync(damaged.path('state/percuss/server/server.json'), '{');
    place.spec('broken', 'version: 1\nstudy: [\n');
    place.spec('empty', '');
    place.spec('lost', 'version: 1\nstudy: lost\ndata: {}\nmodels: { a: { file: absent.onnx } }\n');
    // A few at a time, in the order of the table, while the tests look at them.
    const lane: Promise<unknown>[] = [];
    for (const [i, { what, args }] of mistakes.entries()) {
      const before = lane[i - 3] ?? Promise.resolve();
      const ended = before.then(() => (/damaged/.test(what) ? damaged : place).run([...args, '--json']));
      lane.push(ended);
      ends.set(what, ended);
    }
  });

  test.each(mistakes)('$what', async ({ what, exit, code, names }) => {
    const ended = (await ends.get(what)) as Ended;
    const failure = answer<Failure>(ended);
    expect([ended.code, failure.code, failure.exit], ended.stderr).toEqual([exit, code, exit]);
    expect(failure.message).toMatch(names);
    expect(failure.message.length).toBeGreaterThan(20);
    const said = ended.stdout + ended.stderr;
    expect(said).not.toMatch(/bug of percuss/);
    expect(said).not.toMatch(/^\s+at .*[:)]/m);
  });

  test('every verb is among them, and codes are of the closed set', () => {
    for (const verb of Object.keys(verbs)) expect(mistakes.some(({ args }) => args[0] === verb)).toBe(true);
    expect(mistakes.length).toBeGreaterThanOrEqual(40);
    for (const { code } of mistakes) expect(errorCodes).toHaveProperty(code);
  });
});
