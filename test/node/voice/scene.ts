import { platformAead } from '../../../node/crypto/aead.ts'
import { nativeVerify } from '../../../node/crypto/native.ts'
import { sessionSigner } from '../../../node/crypto/session-signer.ts'
import { Keyring } from '../../../node/voice/keys.ts'
import { Opener, type VoiceCheck } from '../../../node/voice/opener.ts'
import { Sealer } from '../../../node/voice/sealer.ts'
import { type Content, encodeContent } from '../../../protocol/audio/block.ts'
import type { EpochSecret } from '../../../protocol/audio/epoch.ts'
import { deriveFrameKey, sealFrame } from '../../../protocol/audio/sframe.ts'
import { FIRST_STREAM, frameHeader, type LinkKind, voiceKey } from '../../../protocol/audio/voice.ts'
import { idOf, type KeyText, type RoomId } from '../../../protocol/ids.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { bytesOf } from '../../support/community.ts'

/** Alice speaks to Bob, and Mallory, a member with the same keys, is on the road between them. Time stands still until packets pass. */

export const ROOM = idOf<RoomId>(bytesOf('the room'))
export const SECRET: EpochSecret = { epoch: 1, generation: 0, secret: bytesOf('secret 1') }
export const verifier = createVerifier(await nativeVerify())
export const ALICE = await sessionSigner(bytesOf('Alice session'))
export const MALLORY = await sessionSigner(bytesOf('Mallory session'))

/** First byte of a packet of so many milliseconds (RFC 6716 §3.1). */
const TOC: Readonly<Record<number, readonly number[]>> = { 20: [0xf8], 60: [0xfb, 3], 120: [0xfb, 6] }

export class Road {
  now = 1_000_000
  readonly ms: number
  readonly kind: LinkKind
  secret: EpochSecret | undefined = SECRET
  readonly keyring = new Keyring(ROOM)
  readonly checks: VoiceCheck[] = []
  readonly refusals: string[] = []
  readonly heard: string[] = []
  /** Whose voices were heard. */
  readonly from = new Set<KeyText>()
  /** Those whose voices may come. */
  speakers: readonly KeyText[] = [ALICE.publicKey]
  readonly #opener: Opener<string>
  #alice: Sealer

  constructor(ms = 20, kind: LinkKind = 'mesh') {
    this.ms = ms
    this.kind = kind
    this.keyring.set({ held: [SECRET], speak: undefined })
    this.#alice = this.sealer(FIRST_STREAM)
    this.#opener = new Opener({
      room: ROOM,
      kind,
      speakers: () => this.speakers,
      keyring: this.keyring,
      aead: platformAead,
      verifier,
      now: () => this.now,
      onCheck: (_speaker, check) => this.checks.push(check),
      onRefusal: (reason) => this.refusals.push(reason),
    })
  }

  get check(): VoiceCheck | undefined {
    return this.checks.at(-1)
  }

  /** Alice's, on a link that is made anew. */
  begin(stream: number): void {
    this.#alice = this.sealer(stream)
  }

  sealer(stream: number, signer = ALICE, speaker = ALICE.publicKey): Sealer {
    return new Sealer({
      voice: { room: ROOM, speaker, kind: this.kind, stream },
      signer,
      aead: platformAead,
      now: () => this.now,
      secret: () => this.secret,
    })
  }

  /** What Alice says next. Sealing takes as long as saying it. */
  async says(text: string): Promise<Uint8Array> {
    const frame = await this.#alice.seal(packet(text, this.ms))
    this.now += this.ms
    if (frame === undefined) throw new Error('nothing was sealed')
    return frame
  }

  /** Alice says so many packets, `name 0` and so on, and they arrive but for those that are lost. @returns the frames */
  async speaks(name: string, count: number, isLost: (i: number) => boolean = () => false) {
    const frames: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const frame = await this.says(`${name} ${i}`)
      frames.push(frame)
      if (!isLost(i)) await this.arrives(frame)
    }
    return frames
  }

  /** @returns what is heard at once */
  async arrives(frame: Uint8Array): Promise<readonly string[]> {
    const opened = await this.#opener.open('', frame)
    for (const { speaker } of opened) this.from.add(speaker)
    const heard = opened.map(({ opus }) => textOf(opus))
    this.heard.push(...heard)
    return heard
  }

  /** Milliseconds that were heard of what begins so. */
  heardOf(name: string): number {
    return this.ms * this.heard.filter((text) => text.startsWith(name)).length
  }

  /** What anybody with the keys can make. */
  async forge(stream: number, ctr: number, content: Content): Promise<Uint8Array> {
    const voice = { room: ROOM, speaker: ALICE.publicKey, kind: this.kind, stream }
    const header = frameHeader({ ...SECRET, stream, ctr })
    const key = await deriveFrameKey(platformAead, voiceKey(voice, SECRET), header.kid)
    return sealFrame(key, header, encodeContent(content))
  }

  /** The same of a packet without a block. */
  forgeText(ctr: number, text: string, stream = FIRST_STREAM): Promise<Uint8Array> {
    return this.forge(stream, ctr, { opus: packet(text, this.ms), block: undefined })
  }
}

export function packet(text: string, ms: number): Uint8Array {
  return Uint8Array.of(...(TOC[ms] as readonly number[]), ...Buffer.from(text))
}

function textOf(opus: Uint8Array): string {
  return Buffer.from(opus.subarray(opus[0] === 0xf8 ? 1 : 2)).toString()
}
