/** One condition of an adaptive ablation: on how many images it was stopped, and why. */
export interface StopRow {
  model: string;
  ablation: string;
  unit: string;
  index: number;
  layers: string;
  channels: string;
  fill: string;
  draw: number | null;
  rule: string;
  place: string;
  images: number;
  of: number;
  /** Clipped, as is its interval. */
  kl: number | null;
  kl_low: number | null;
  kl_high: number | null;
  clip: number;
  clipped: number;
}
