import { decodeValue, encodeValue } from '../codec.ts'
import type { CodecReason, SchemaReason } from '../reasons.ts'
import type { Result } from '../result.ts'
import type { Schema } from '../schema.ts'

/**
 * An unsigned message on an authenticated stream (SPEC §9): one canonical value of a closed shape. `maxBytes` bounds what is
 * read before anything is decoded; the stream's own length prefix is not counted.
 */
export interface Frame<T> {
  readonly shape: Schema<T>
  readonly maxBytes: number
}

/** Throws when the message is not of the shape or too large. */
export function encodeFrame<T>(frame: Frame<T>, message: T): Uint8Array {
  const value = frame.shape.encode(message)
  const readable = frame.shape.decode(value, '')
  if (!readable.ok)
    throw new TypeError(`not a message that others would read: ${readable.reason} ${readable.at ?? ''}`)
  const bytes = encodeValue(value)
  if (bytes.length > frame.maxBytes)
    throw new RangeError(`a frame of this kind has at most ${frame.maxBytes} bytes`)
  return bytes
}

export function decodeFrame<T>(frame: Frame<T>, bytes: Uint8Array): Result<T, CodecReason | SchemaReason> {
  const value = decodeValue(bytes, frame.maxBytes)
  return value.ok ? frame.shape.decode(value.value, '') : value
}
