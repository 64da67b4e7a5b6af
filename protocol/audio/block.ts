import { concatBytes } from '@noble/hashes/utils.js'
import { uint64 } from '../bytes.ts'
import { DOMAIN } from '../domains.ts'
import { hash } from '../hash.ts'
import { idBytes } from '../ids.ts'
import { BLOCK_DIGEST_BYTES, MAX_BLOCK_DIGESTS, MAX_OPUS_BYTES } from '../limits.ts'
import type { FrameReason, SignatureReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { SIGNATURE_BYTES, type Signer, type Verifier } from '../signature.ts'
import { KIND, streamBytes, type Voice } from './voice.ts'

/**
 * What a frame seals (SPEC §8.5): a packet of Opus, and now and then a block, by which the speaker signs for the frames just before this one.
 *
 * ```
 * content = opus ‖ [ digest × n (6 bytes each) ‖ signature (64) ] ‖ u8(n)          without the block where n is 0
 * ```
 */
export interface Content {
  readonly opus: Uint8Array
  readonly block: Block | undefined
}

export interface Block {
  /** Of the frames before the one that carries the block, without a gap, the oldest first. */
  readonly digests: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** What a frame's block says of it: the start of the SHA-256 of the whole sealed frame, with its header and tag (BLOCK-2). */
export function frameDigest(frame: Uint8Array): Uint8Array {
  return hash(frame).subarray(0, BLOCK_DIGEST_BYTES)
}

/** Signs for the frames just before number `ctr` of a voice. */
export async function signBlock(
  signer: Signer,
  voice: Voice,
  ctr: number,
  digests: readonly Uint8Array[],
): Promise<Block> {
  return { digests, signature: await signer.sign(signedBytes(voice, ctr, digests)) }
}

/** Did the voice's speaker sign for these frames, in this place? */
export function verifyBlock(
  verifier: Verifier,
  voice: Voice,
  ctr: number,
  { digests, signature }: Block,
): Promise<Result<true, SignatureReason>> {
  return verifier.verify(signature, signedBytes(voice, ctr, digests), voice.speaker)
}

/** Throws when a block has no digest, or more than a block may, or no Opus packet is there. */
export function encodeContent({ opus, block }: Content): Uint8Array {
  if (opus.length === 0 || opus.length > MAX_OPUS_BYTES) throw new RangeError('not an Opus packet')
  if (block === undefined) return concatBytes(opus, Uint8Array.of(0))
  const { digests, signature } = block
  if (digests.length === 0 || digests.length > MAX_BLOCK_DIGESTS)
    throw new RangeError(`a block has 1 to ${MAX_BLOCK_DIGESTS} digests`)
  return concatBytes(opus, ...digests, signature, Uint8Array.of(digests.length))
}

/** @param ctr the number of the frame that carries it: nothing can be signed for that came before the first */
export function decodeContent(bytes: Uint8Array, ctr: number): Result<Content, FrameReason> {
  const count = bytes.at(-1)
  if (count === undefined || count > Math.min(MAX_BLOCK_DIGESTS, ctr)) return bad('block-malformed')
  const blockBytes = count === 0 ? 0 : count * BLOCK_DIGEST_BYTES + SIGNATURE_BYTES
  const end = bytes.length - 1 - blockBytes
  if (end <= 0 || end > MAX_OPUS_BYTES) return bad('block-malformed')
  const opus = bytes.subarray(0, end)
  if (count === 0) return good({ opus, block: undefined })
  const digests = Array.from({ length: count }, (_, i) => {
    const from = end + i * BLOCK_DIGEST_BYTES
    return bytes.subarray(from, from + BLOCK_DIGEST_BYTES)
  })
  return good({ opus, block: { digests, signature: bytes.subarray(-1 - SIGNATURE_BYTES, -1) } })
}

function signedBytes({ room, kind, stream }: Voice, ctr: number, digests: readonly Uint8Array[]): Uint8Array {
  const place = [Uint8Array.of(KIND[kind]), streamBytes(stream), uint64(ctr)]
  return concatBytes(DOMAIN.block, idBytes(room), ...place, Uint8Array.of(digests.length), ...digests)
}
