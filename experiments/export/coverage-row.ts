/** What coverage.ts found for one exported network. */
export interface CoverageRow {
  readonly library: string;
  readonly network: string;
  readonly exporter: string;
  readonly opset: number;
  /** Nodes in the file, and nodes of the graph that it becomes. */
  readonly fileNodes: number;
  readonly nodes: number;
  readonly parameters: number;
  readonly macs: number;
  readonly layers: number;
  readonly kernels: number;
  readonly sites: number;
  readonly blocks: number;
  readonly streams: number;
  /** Largest difference of an output from PyTorch's, as a fraction of the largest output. */
  readonly deviation: number;
}
