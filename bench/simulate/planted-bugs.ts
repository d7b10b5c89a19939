import { advance, type SweepDecision, type SweepEvent, type SweepStep } from '../../core/sweep-policy.js';
import { restOf, type SweepRest, type SweepRules, type SweepState } from '../../core/sweep-state.js';

/** Mistakes that percuss could have, put in at a seam of the simulator: it must find each. */
export const bugs = [
  'put acknowledged before it is durable',
  'news never told',
  'batch does not look before it computes',
  'halving drops a half',
  'completion counted twice',
  'carry lost when a sweep continues as new',
  'pause loses what is in flight',
  'failure told but not recorded',
  'first failure is final',
  'window is not kept',
  'retry of a stalled batch is forgotten',
  'resume is forgotten',
  'stage ends one unit early',
  'study ends with its first stage',
  'values of another unit are committed',
  'cancel removes what was committed',
] as const;

export type Bug = (typeof bugs)[number];

export const isBug = (name: string): name is Bug => (bugs as readonly string[]).includes(name);

/** The policy of sweeps, with a mistake if one is planted there. */
export function policyWith(bug: Bug | undefined, rules: SweepRules, state: SweepState, event: SweepEvent): SweepStep {
  const wrong = bug === 'first failure is final' ? { ...rules, tries: 1 } : rules;
  if (bug === 'resume is forgotten' && event.kind === 'resumed') return { state, decisions: [] };
  const step = advance(wrong, state, event);
  const { state: next, decisions } = step;
  if (bug === 'halving drops a half' && event.kind === 'failed' && next.carry.length === state.carry.length + 2)
    return { decisions, state: { ...next, carry: next.carry.slice(1) } };
  if (bug === 'completion counted twice' && event.kind === 'done') {
    const retried = state.inFlight.some(({ stalls, range }) => stalls > 0 && range.from === event.from);
    return retried ? { decisions, state: { ...next, done: next.done.map((units) => units + 1) } } : step;
  }
  if (bug === 'pause loses what is in flight' && event.kind === 'paused')
    return { decisions, state: { ...next, inFlight: [] } };
  if (bug === 'window is not kept' && event.kind === 'turn') return overfull(rules, step, event);
  if (bug === 'retry of a stalled batch is forgotten')
    return { state: next, decisions: decisions.filter(({ kind }) => kind !== 'retry') };
  return step;
}

function overfull(rules: SweepRules, step: SweepStep, event: SweepEvent): SweepStep {
  const { window } = step.state;
  const more = advance(rules, { ...step.state, window: window + 1 }, event);
  const starts: SweepDecision[] = more.decisions.filter(({ kind }) => kind === 'start');
  if (starts.length === 0 || step.state.closing !== undefined) return step;
  return { state: { ...more.state, window }, decisions: [...step.decisions, ...starts] };
}

/** What a sweep hands on when it continues as new. */
export function handedOn(bug: Bug | undefined, state: SweepState): SweepRest {
  const rest = restOf(state);
  return bug === 'carry lost when a sweep continues as new' ? { ...rest, carry: [] } : rest;
}
