import type { TableName } from '../../core/tables/columns.js';
import type { AblationRow, ModelRow, TableRow } from '../../core/tables/schema.js';
import { TableWriter } from '../../core/tables/table-writer.js';

/** The Parquet file of one table. */
export function writeParquet<T extends TableName>(table: T, rows: Iterable<TableRow<T>>): Promise<Uint8Array> {
  return TableWriter.during(async (writer) => {
    await writer.append(table, rows);
    return (await writer.finish(table)).bytes;
  });
}

export const modelRow: ModelRow = {
  model: 'resnet20',
  architecture: 'resnet20',
  format: 'onnx',
  parameters: 269_722,
  macs: 40_800_000,
  layers: 19,
  kernels: 688,
  images: 500,
  accuracy: 0.91,
  accuracy_low: 0.882,
  accuracy_high: 0.932,
  accuracy_expected: 0.91,
  robustness_area: 0.512,
  robustness_low: null,
  robustness_high: null,
  kl_direct: null,
  kl_repaired: null,
  kl_repaired_low: null,
  kl_repaired_high: null,
  sr: 0.31,
  sr_low: 0.29,
  sr_high: 0.33,
  sr_plugin: 0.34,
  sr_resolved: true,
  sr_null: 0.22,
  sr_null_low: 0.2,
  sr_null_high: 0.24,
  sr_excess: 0.09,
  sr_excess_low: 0.05,
  sr_excess_high: 0.13,
  sr_p: 0.05,
  r2_same_low: 0.8,
  r2_same_high: 0.85,
  r2_same_resolved: true,
  r2_same_null: 0.6,
  r2_far_low: 0.5,
  r2_far_high: 0.7,
  r2_far_resolved: false,
  r2_far_null: 0.4,
  reliability_kl: 0.91,
  dead_kernels: 0,
  silent_kernels: null,
  replaceability_same: 0.4,
  replaceability_same_low: 0.3,
  replaceability_same_high: 0.5,
  replaceability_earlier: null,
  replaceability_earlier_low: null,
  replaceability_earlier_high: null,
};

export function ablationRow(index: number): AblationRow {
  return {
    model: 'resnet20',
    ablation: 'each-kernel',
    mode: 'each',
    unit: 'kernel',
    index,
    layers: 'layer1.0.conv1',
    channels: `layer1.0.conv1[${index % 16}]`,
    removed: 1,
    removed_fraction: 1 / 688,
    fill: 'zero',
    draw: null,
    fraction: null,
    trial: null,
    spread: null,
    match: null,
    frozen: null,
    images: 500,
    correct: 455 - (index % 40),
    accuracy: (455 - (index % 40)) / 500,
    accuracy_low: 0.8,
    accuracy_high: 0.95,
    kl: Math.sin(index) ** 2,
    kl_low: 0.01,
    kl_high: 1.1,
    delta_loss: Math.cos(index),
    abs_delta_loss: Math.abs(Math.cos(index)),
    flips: 0.01,
    non_finite: 0,
    effect: 1.5,
    state: 'ok',
  };
}
