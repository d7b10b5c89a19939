/** What a long step tells about itself. Counts only grow; a label names the phase. */
export interface ProgressEvent {
  readonly phase: 'prepare' | 'plan' | 'run' | 'analyse' | 'write';
  /** What is counted, and of which network or ablation: for people. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'cells' | 'responses' | 'batches' | 'bytes' | 'steps' | 'images';
}

/** The port through which steps report. Must not throw and must return quickly. */
export type Progress = (event: ProgressEvent) => void;

export const silent: Progress = () => undefined;
