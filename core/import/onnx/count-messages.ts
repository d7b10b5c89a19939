import type { DescMessage } from '@bufbuild/protobuf';

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

const known = new Map<DescMessage, ReadonlyMap<number, DescMessage>>();

/** The fields of a message that hold messages. */
function holders(message: DescMessage): ReadonlyMap<number, DescMessage> {
  const found = known.get(message);
  if (found) return found;
  const fields = new Map<number, DescMessage>();
  for (const field of message.fields) if (field.message) fields.set(field.number, field.message);
  known.set(message, fields);
  return fields;
}

/**
 * How many messages a protocol buffer holds, itself not counted, without decoding it: two bytes of a file may become an object of
 * hundreds. Counts no further than one beyond `most`, and ends where the file is damaged: its decoder tells that.
 */
export function countMessages(schema: DescMessage, bytes: Uint8Array, most: number): number {
  let count = 0;
  let at = 0;
  const number = (): number => {
    let [value, scale] = [0, 1];
    for (let i = 0; i < 10; i++) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    return Number.NaN;
  };
  const waiting: { readonly schema: DescMessage; readonly from: number; readonly to: number }[] = [
    { schema, from: 0, to: bytes.length },
  ];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const inner = holders(part.schema);
    at = part.from;
    while (at < part.to && count <= most) {
      const tag = number();
      const wire = tag % 8;
      if (wire === DELIMITED) {
        const length = number();
        if (!(at + length <= part.to)) return count;
        const message = inner.get(Math.floor(tag / 8));
        if (message) {
          count += 1;
          if (length > 0) waiting.push({ schema: message, from: at, to: at + length });
        }
        at += length;
      } else if (wire === VARINT) number();
      else if (wire === FIXED64) at += 8;
      else if (wire === FIXED32) at += 4;
      else return count;
    }
  }
  return count;
}
