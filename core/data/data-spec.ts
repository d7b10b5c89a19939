import type { ImageFormatName } from './image-formats.js';
import type { ChannelOrder } from './channel-order.js';
import type { ImageOrder } from './image-order.js';

/** An image set as its author declared it. */
export interface DataSpec {
  readonly name: string;
  readonly format: ImageFormatName;
  /** Absolute paths or s3:// URLs. idx and npy: image files; folder: one folder with a sub-folder for each class. */
  readonly files: readonly string[];
  /** idx and npy: label files, one for each file of images. */
  readonly labels: readonly string[];
  /** Names of the classes in the order of their labels, or the path of a file with one a line; not with cifar10. */
  readonly classes: readonly string[] | string | undefined;
  /** How many images to use, of the order below; undefined: all. */
  readonly images: number | undefined;
  readonly order: ImageOrder;
  /** folder: shorter side in pixels, then a central crop; both undefined for images that already agree in size. */
  readonly resize: number | undefined;
  readonly crop: number | undefined;
}

/** How the pixels of an image become the input of a network. */
export interface InputSpec {
  /** (pixel / divide − mean) / std, per channel in the network's own channel order. */
  readonly divide: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly order: ChannelOrder;
}
