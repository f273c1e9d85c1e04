/**
 * What TensorBoard reads: a file of TFRecords, each an Event in protobuf's wire format. Sources:
 * https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details and TensorFlow's event.proto and summary.proto.
 */
import { bytes, double, float, integer, joined, message, type Pieces } from '../onnx/protobuf.ts';
import { maskedCrc32c } from './crc32c.ts';

/** One value of a curve. */
export interface Scalar {
  /** `phase/name`; TensorBoard and MLflow group by what stands before the slash. */
  name: string;
  value: number;
  step: number;
}

/** The record that a file begins with: which version of the format it is. */
export function versionRecord(seconds: number): Buffer {
  return record(message(double(1, seconds), bytes(3, 'brain.Event:2')));
}

/** Values of one step. `seconds` are since 1970. */
export function scalarsRecord(scalars: readonly Scalar[], step: number, seconds: number): Buffer {
  const values = scalars.map(({ name, value }) =>
    bytes(1, message(bytes(1, name), float(2, value))),
  );
  return record(message(double(1, seconds), integer(2, step), bytes(5, message(values))));
}

const stringType = 7;

/** A text in Markdown, for the tab Text. */
export function textRecord(name: string, text: string, seconds: number): Buffer {
  const shape = bytes(2, bytes(2, integer(1, 1)));
  const tensor = message(integer(1, stringType), shape, bytes(8, text));
  const metadata = bytes(1, bytes(1, 'text'));
  const value = message(bytes(1, name), bytes(8, tensor), bytes(9, metadata));
  return record(message(double(1, seconds), bytes(5, bytes(1, value))));
}

/** Length, its checksum, data, their checksum. */
function record(pieces: Pieces): Buffer {
  const data = joined(pieces);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.byteLength));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(data: Uint8Array): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(maskedCrc32c(data));
  return four;
}
