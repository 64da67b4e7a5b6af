import type { Aead } from '../../protocol/audio/aead.ts'
import { encodeContent, frameDigest, signBlock } from '../../protocol/audio/block.ts'
import type { EpochSecret } from '../../protocol/audio/epoch.ts'
import { opusDuration } from '../../protocol/audio/opus.ts'
import { deriveFrameKey, type FrameKey, sealFrame } from '../../protocol/audio/sframe.ts'
import { frameHeader, type Voice, voiceKey } from '../../protocol/audio/voice.ts'
import {
  BLOCK_INTERVAL_MS,
  BLOCKS_PER_FRAME,
  MAX_BLOCK_DIGESTS,
  MAX_FRAME_COUNTER,
  MAX_OPUS_BYTES,
} from '../../protocol/limits.ts'
import type { Signer } from '../../protocol/signature.ts'

/** A block is due by the clock where little sounds (BLOCK-4). Milliseconds. */
const BLOCK_LATEST_MS = 400

export interface SealerOptions {
  readonly voice: Voice
  /** The speaker's session. */
  readonly signer: Signer
  readonly aead: Aead
  /** Milliseconds; only differences count. */
  readonly now: () => number
  /** What is sealed under now; nothing while there is none. */
  readonly secret: () => EpochSecret | undefined
}

/** Seals one stream: each packet, and now and then a block that signs for those before (SPEC §8.5, §8.6). One packet after the other. */
export class Sealer {
  readonly #options: SealerOptions
  #under: EpochSecret | undefined
  #key: FrameKey | undefined
  #ctr = 0
  /** Of the frames from each block to the next, the oldest first; no block has told of the last of them yet. */
  #digests: Uint8Array[][] = [[]]
  /** Of sound, since the last block. */
  #sound = 0
  #blockAt = 0

  constructor(options: SealerOptions) {
    this.#options = options
  }

  /** @returns nothing to send while there is no secret, for what is no packet, and after the last counter */
  async seal(opus: Uint8Array): Promise<Uint8Array | undefined> {
    const { voice, signer, now } = this.#options
    const key = await this.#currentKey()
    const duration = opusDuration(opus)
    if (key === undefined || duration === undefined || opus.length > MAX_OPUS_BYTES) return undefined
    if (this.#ctr > MAX_FRAME_COUNTER) return undefined
    const ctr = this.#ctr
    this.#ctr += 1
    const digests = this.#isBlockDue() ? this.#digests.flat().slice(-MAX_BLOCK_DIGESTS) : undefined
    const block = digests && (await signBlock(signer, voice, ctr, digests))
    if (block !== undefined) {
      this.#digests = [...this.#digests.slice(1 - BLOCKS_PER_FRAME), []]
      this.#sound = 0
      this.#blockAt = now()
    }
    const { epoch, generation } = this.#under as EpochSecret
    const header = frameHeader({ stream: voice.stream, epoch, generation, ctr })
    const frame = await sealFrame(key, header, encodeContent({ opus, block }))
    this.#digests.at(-1)?.push(frameDigest(frame))
    this.#sound += duration
    return frame
  }

  /** BLOCK-4. */
  #isBlockDue(): boolean {
    // Before the first frame there is none to sign for.
    if (this.#ctr === 1) return false
    if (this.#ctr === 2 || this.#sound >= BLOCK_INTERVAL_MS) return true
    return this.#options.now() - this.#blockAt >= BLOCK_LATEST_MS
  }

  async #currentKey(): Promise<FrameKey | undefined> {
    const { secret, aead, voice } = this.#options
    const current = secret()
    if (current === this.#under) return this.#key
    this.#under = current
    this.#key = undefined
    if (current === undefined) return undefined
    const { kid } = frameHeader({ ...current, stream: voice.stream, ctr: 0 })
    this.#key = await deriveFrameKey(aead, voiceKey(voice, current), kid)
    return this.#key
  }
}
