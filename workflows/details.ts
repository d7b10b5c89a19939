import type { StudyProgress, SweepProgress } from './protocol.js';

/** Progress of a sweep as Markdown, for Temporal's own pages. */
export function sweepDetails(progress: SweepProgress): string {
  const rows = progress.labels.map(({ label, done, total }) => `| ${label} | ${done} | ${total} |`);
  const notes = [
    progress.paused ? `**Paused**${progress.pausedBecause ? `: ${progress.pausedBecause}` : ''}` : undefined,
    progress.stalled === undefined ? undefined : `**Stalled**: ${progress.stalled}`,
    progress.lastFailure === undefined ? undefined : `Last failure: ${progress.lastFailure}`,
  ].filter((note) => note !== undefined);
  return [
    `Stage ${progress.stage}: ${progress.computed} computed, ${progress.reused} reused, ${progress.failed} failed, ` +
      `${progress.inFlight} of at most ${progress.window} batches in flight`,
    ...notes,
    `| what | done | of |\n|---|---:|---:|\n${rows.join('\n')}`,
  ]
    .join('\n\n')
    .slice(0, 19_000);
}

/** Progress of a study as Markdown. */
export function studyDetails(progress: StudyProgress): string {
  const { computed, reused, failed } = progress.counters;
  return [
    `**${progress.phase}**${progress.phase === 'sweeping' ? ` (stage ${progress.stage}, workflow \`${progress.sweep}\`)` : ''}`,
    `${progress.stored} units were stored before; ${computed} computed, ${reused} reused, ${failed} failed in stages that have ended`,
    ...(progress.paused ? ['**Paused**'] : []),
    ...(progress.stalled === undefined ? [] : [`**Stalled**: ${progress.stalled}`]),
    ...(progress.tablesWritten > 0 ? [`${progress.tablesWritten} of ${progress.tables} tables written`] : []),
  ].join('\n\n');
}
