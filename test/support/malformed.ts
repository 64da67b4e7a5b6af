import { readFileSync } from 'node:fs'
import { hexToBytes } from '@noble/hashes/utils.js'

/** Bytes that are no canonical value of the profile, with the one reason for it. */
export interface Malformed {
  readonly name: string
  readonly reason: string
  readonly bytes: Uint8Array
}

interface CodecCase {
  readonly name: string
  readonly reason?: string
  readonly bytes: string
  readonly times?: number
}

/** Every spelling that test/vectors/codec.json refuses, but the one that is only too long for a payload. */
export const MALFORMED: readonly Malformed[] = (
  JSON.parse(readFileSync(new URL('../vectors/codec.json', import.meta.url), 'utf8')) as {
    readonly cases: readonly CodecCase[]
  }
).cases.flatMap(({ name, reason, bytes, times = 1 }) =>
  reason === undefined || reason === 'too-large'
    ? []
    : [{ name, reason, bytes: hexToBytes(bytes.repeat(times)) }],
)

/** One spelling for each reason: where every one would take too long. */
export const ONE_OF_EACH: readonly Malformed[] = [
  ...new Map(MALFORMED.toReversed().map((one) => [one.reason, one])).values(),
]
