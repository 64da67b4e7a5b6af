import { concatBytes } from '@noble/hashes/utils.js'
import { DOMAIN } from '../domains.ts'
import { derive } from '../hash.ts'
import { idBytes, type KeyText, keyBytes, type RoomId } from '../ids.ts'
import { MAX_FRAME_COUNTER } from '../limits.ts'
import type { FrameReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { EpochSecret } from './epoch.ts'
import { decodeHeader, type FrameHeader } from './sframe.ts'

/** What a link leads to: another member's session, or a relay that copies what it gets. Each has encoders of its own. */
export type LinkKind = 'mesh' | 'relay'

/** One voice on one link, from when it was set up until it is torn down. */
export interface Voice {
  readonly room: RoomId
  /** The session that speaks. */
  readonly speaker: KeyText
  readonly kind: LinkKind
  /** The number of the stream, with its first bit set: 2^39 to 2^40 - 1. No session uses one twice. */
  readonly stream: number
}

/** A frame's place: the stream, the epoch and generation whose secret seals it, and its number in the stream. */
export interface FramePlace {
  readonly stream: number
  /** The last 16 bits of the epoch's number. */
  readonly epoch: number
  readonly generation: number
  readonly ctr: number
}

/** Streams have 40 bits, the first of them set, so that a key id always has its 8 bytes. */
export const FIRST_STREAM = 2 ** 39
/** Of an epoch's number, what a key id holds. */
export const EPOCHS_IN_A_KEY_ID = 2 ** 16

/**
 * ```
 * KID = stream (5 bytes) ‖ epoch mod 2^16 (2 bytes) ‖ generation (1 byte)
 * ```
 */
export function frameHeader({ stream, epoch, generation, ctr }: FramePlace): FrameHeader {
  const low = epoch % EPOCHS_IN_A_KEY_ID
  return { kid: (BigInt(stream) << 24n) | BigInt(low << 8) | BigInt(generation), ctr: BigInt(ctr) }
}

/** Where a frame says that it belongs (VOICE-3), before it is opened. */
export function readPlace(frame: Uint8Array): Result<FramePlace, FrameReason> {
  const read = decodeHeader(frame)
  if (!read.ok) return read
  const { kid, ctr } = read.value.header
  const stream = Number(kid >> 24n)
  if (stream < FIRST_STREAM || ctr > BigInt(MAX_FRAME_COUNTER)) return bad('frame-malformed')
  const low = Number(kid & 0xffffffn)
  return good({ stream, epoch: low >> 8, generation: low & 0xff, ctr: Number(ctr) })
}

/** The base key of SFrame for one stream under one secret (VOICE-1). 32 bytes. */
export function voiceKey({ room, speaker, kind, stream }: Voice, { secret }: EpochSecret): Uint8Array {
  const info = concatBytes(DOMAIN.voice, keyBytes(speaker), Uint8Array.of(KIND[kind]), streamBytes(stream))
  return derive(secret, idBytes(room), info)
}

/** How a kind of link is written where something is derived or signed. */
export const KIND: Readonly<Record<LinkKind, number>> = { mesh: 0, relay: 1 }

/** A stream's number in its 5 bytes. */
export function streamBytes(stream: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(stream))
  return bytes.subarray(3)
}
