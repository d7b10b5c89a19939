import { wordTable, type Word } from '../word-table.js';

export interface ChannelOrderRow extends Word {
  /** How many channels an image must have for it; absent: any number. */
  readonly channels?: number;
  /** Which channel of an image, stored as red, green and blue, a channel of the input is. */
  readonly source: (channel: number, channels: number) => number;
}

/** Orders of the channels that networks take. */
export const channelOrders = wordTable<ChannelOrderRow>()({
  rgb: { meaning: 'the channels as the images have them', source: (channel) => channel },
  bgr: {
    meaning: 'the channels of the images reversed',
    channels: 3,
    source: (channel, channels) => channels - 1 - channel,
  },
});

export type ChannelOrder = keyof typeof channelOrders;
