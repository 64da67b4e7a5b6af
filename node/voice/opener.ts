import type { Aead } from '../../protocol/audio/aead.ts'
import { type Block, decodeContent, frameDigest, verifyBlock } from '../../protocol/audio/block.ts'
import type { EpochSecret } from '../../protocol/audio/epoch.ts'
import { opusDuration } from '../../protocol/audio/opus.ts'
import { deriveFrameKey, type FrameKey, openFrame } from '../../protocol/audio/sframe.ts'
import {
  type FramePlace,
  frameHeader,
  type LinkKind,
  readPlace,
  type Voice,
  voiceKey,
} from '../../protocol/audio/voice.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import { MAX_UNSIGNED_MS, REPLAY_WINDOW, UNVERIFIED_AFTER_MS } from '../../protocol/limits.ts'
import type { FrameReason, SignatureReason } from '../../protocol/reasons.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { Keyring } from './keys.ts'

/** What a frame may wait to be signed for, and what is remembered of sound that was not (BLOCK-5). Milliseconds. */
const HOLD_MS = 1_000
const BUDGET_MS = 60_000
/** A stream is the speaker's present one for so long after a block. Milliseconds. */
const PRESENT_MS = 2_000
/** Bounds of what one speaker costs: streams and keys of a stream (a link is made anew, an epoch ends), frames kept of one stream, and of one counter. */
const MAX_STREAMS = 4
const MAX_KEYS = 4
const MAX_FRAMES = 256
const MAX_SAME = 4

/**
 * What is known of a voice:
 * - `verified`: its speaker signs for it
 * - `unverified`: it sounds, and nobody has signed for it lately
 * - `forged`: somebody else seals in the speaker's name; only what the speaker signed for is heard
 * - `locked`: it comes under a secret that we do not hold
 */
export type VoiceCheck = 'verified' | 'unverified' | 'forged' | 'locked'

export interface OpenerOptions {
  readonly room: RoomId
  readonly kind: LinkKind
  /** Sessions whose voices may come over this link, as it is now. */
  readonly speakers: () => readonly KeyText[]
  readonly keyring: Keyring
  readonly aead: Aead
  readonly verifier: Verifier
  /** Milliseconds; only differences count. */
  readonly now: () => number
  readonly onCheck?: (speaker: KeyText, check: VoiceCheck) => void
  /** Hears why a frame was not let through. */
  readonly onRefusal?: (reason: FrameReason | SignatureReason) => void
}

/** A packet that may be heard, with the frame of the platform that it came in. */
export interface Heard<F> {
  readonly frame: F
  readonly speaker: KeyText
  readonly opus: Uint8Array
}

/** One sealed frame that opened. `held` waits for a block; `gone` was heard, or never will be. */
interface Candidate<F> {
  readonly digest: Uint8Array
  readonly ms: number
  readonly at: number
  state: 'new' | 'held' | 'heard' | 'gone'
  heard: Heard<F> | undefined
}

interface Stream<F> {
  readonly voice: Voice
  /** By the secret that each comes from: the names of two may be the same. */
  readonly keys: Map<EpochSecret, FrameKey>
  readonly frames: Map<number, Candidate<F>[]>
  /** What blocks said, by counter. */
  readonly signed: Map<number, Uint8Array>
  /** The highest counter that a block named; -1 before the first. */
  signedTo: number
  signedAt: number
}

interface Speaker<F> {
  readonly key: KeyText
  readonly streams: Map<number, Stream<F>>
  /** Sound that was heard before it was signed for, by the candidate. */
  readonly unsigned: Set<Candidate<F>>
  isForged: boolean
  isSigned: boolean
  /** Sound that came since the last good block, in milliseconds. */
  since: number
  openedAt: number
  check: VoiceCheck | undefined
}

/**
 * Opens the voices of one link and decides what of them may be heard (SPEC §8.5, §8.6), one frame after the other.
 *
 * What is held back is kept here and comes out when a later frame's block signs for it; until then it costs memory, within bounds, and no sound.
 */
export class Opener<F> {
  readonly #options: OpenerOptions
  /** Also those who may not be heard now: what they said before must not be played back to us when they may again. */
  readonly #known = new Map<KeyText, Speaker<F>>()
  /** A frame is decided upon when the one before it has been, whichever slot of the link each came in. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: OpenerOptions) {
    this.#options = options
  }

  /** @returns what may be heard now, in its order: this frame, those that its block released, or nothing */
  open(frame: F, bytes: Uint8Array): Promise<readonly Heard<F>[]> {
    const opened = this.#turn.then(() => this.#open(frame, bytes))
    this.#turn = opened.catch(() => undefined)
    return opened
  }

  async #open(frame: F, bytes: Uint8Array): Promise<readonly Heard<F>[]> {
    const place = readPlace(bytes)
    if (!place.ok) return this.#refuse(place.reason)
    const found = await this.#find(place.value, bytes)
    if (typeof found === 'string') return this.#refuse(found)
    const { speaker, stream, plaintext } = found
    const { ctr } = place.value
    const content = decodeContent(plaintext, ctr)
    const ms = content.ok ? opusDuration(content.value.opus) : undefined
    if (!content.ok || ms === undefined) return this.#refuse('block-malformed')

    const { now } = this.#options
    const digest = frameDigest(bytes)
    const same = stream.frames.get(ctr) ?? []
    if (ctr <= stream.signedTo - REPLAY_WINDOW || same.some((other) => equalBytes(other.digest, digest)))
      return this.#refuse('frame-replayed')
    if (same.length >= MAX_SAME || !makeRoom(stream, ctr)) return this.#refuse('frame-replayed')
    if (same.length > 0) this.#forged(speaker)
    const heard = { frame, speaker: speaker.key, opus: content.value.opus }
    const candidate: Candidate<F> = { digest, ms, at: now(), state: 'new', heard }
    stream.frames.set(ctr, [...same, candidate])
    speaker.openedAt = candidate.at
    speaker.since += ms

    this.#forget(speaker)
    const out: Heard<F>[] = []
    const { block } = content.value
    if (block !== undefined && !(await this.#takeBlock(speaker, stream, ctr, block, out))) {
      this.#drop(candidate)
    }
    this.#decide(speaker, stream, ctr, candidate, out)
    this.#tell(speaker)
    return out
  }

  /** Whose voice it is, and what it says. Each is tried, first those of whom a stream with this number is known. */
  async #find(
    place: FramePlace,
    bytes: Uint8Array,
  ): Promise<{ speaker: Speaker<F>; stream: Stream<F>; plaintext: Uint8Array } | FrameReason> {
    const { keyring, aead, room, kind } = this.#options
    const secrets = keyring.find(place.epoch, place.generation)
    const speakers = this.#options.speakers().map((key) => this.#know(key))
    // A number is no proof of anything: who speaks may take that of another, also before they come to it themselves.
    const isKnown = ({ streams }: Speaker<F>) => streams.has(place.stream)
    const owners = speakers.filter(isKnown)
    if (secrets.length === 0) {
      const [speaker, another] = owners.length > 0 ? owners : speakers
      const quiet = speaker !== undefined && this.#options.now() - speaker.openedAt > PRESENT_MS
      if (quiet && another === undefined) this.#say(speaker, 'locked')
      return 'frame-locked'
    }
    const { kid } = frameHeader(place)
    for (const speaker of [...owners, ...speakers.filter((each) => !isKnown(each))]) {
      const known = speaker.streams.get(place.stream)
      const voice = known?.voice ?? { room, speaker: speaker.key, kind, stream: place.stream }
      for (const secret of secrets) {
        const key = known?.keys.get(secret) ?? (await deriveFrameKey(aead, voiceKey(voice, secret), kid))
        const opened = await openFrame(key, bytes)
        if (!opened.ok) continue
        const stream = known ?? this.#begin(speaker, voice)
        stream.keys.set(secret, key)
        if (stream.keys.size > MAX_KEYS) stream.keys.delete(stream.keys.keys().next().value as EpochSecret)
        return { speaker, stream, plaintext: opened.value }
      }
    }
    return 'frame-wrong'
  }

  #know(key: KeyText): Speaker<F> {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const speaker: Speaker<F> = {
      key,
      streams: new Map(),
      unsigned: new Set(),
      isForged: false,
      isSigned: false,
      since: 0,
      openedAt: Number.NEGATIVE_INFINITY,
      check: undefined,
    }
    this.#known.set(key, speaker)
    return speaker
  }

  #begin(speaker: Speaker<F>, voice: Voice): Stream<F> {
    const { streams } = speaker
    if (streams.size >= MAX_STREAMS) {
      // The one that was signed for least lately: a flood of new ones never ends the speaker's own.
      const [oldest] = [...streams].sort(([, a], [, b]) => a.signedAt - b.signedAt)
      if (oldest !== undefined) streams.delete(oldest[0])
    }
    const stream: Stream<F> = {
      voice,
      keys: new Map(),
      frames: new Map(),
      signed: new Map(),
      signedTo: -1,
      signedAt: Number.NEGATIVE_INFINITY,
    }
    streams.set(voice.stream, stream)
    return stream
  }

  /** @returns false for a block that the speaker did not sign */
  async #takeBlock(
    speaker: Speaker<F>,
    stream: Stream<F>,
    ctr: number,
    block: Block,
    out: Heard<F>[],
  ): Promise<boolean> {
    const { verifier, now } = this.#options
    const verdict = await verifyBlock(verifier, stream.voice, ctr, block)
    if (!verdict.ok) {
      this.#refuse(verdict.reason)
      this.#forged(speaker)
      return false
    }
    const first = ctr - block.digests.length
    for (const [i, digest] of block.digests.entries()) {
      if (first + i <= stream.signedTo - REPLAY_WINDOW) continue
      stream.signed.set(first + i, digest)
      for (const candidate of stream.frames.get(first + i) ?? [])
        this.#settle(speaker, stream, first + i, candidate, out)
    }
    stream.signedTo = Math.max(stream.signedTo, ctr - 1)
    stream.signedAt = now()
    speaker.isSigned = true
    speaker.since = 0
    const floor = stream.signedTo - REPLAY_WINDOW
    for (const known of [stream.frames, stream.signed])
      for (const old of known.keys()) if (old <= floor) known.delete(old)
    return true
  }

  /** A block has spoken of this counter: the frame is the speaker's, or somebody else's. */
  #settle(
    speaker: Speaker<F>,
    stream: Stream<F>,
    ctr: number,
    candidate: Candidate<F>,
    out: Heard<F>[],
  ): void {
    if (!equalBytes(candidate.digest, stream.signed.get(ctr) as Uint8Array)) {
      this.#drop(candidate)
      this.#forged(speaker)
      return
    }
    speaker.unsigned.delete(candidate)
    const others = stream.frames.get(ctr) ?? []
    if (others.some(({ state }) => state === 'heard')) this.#drop(candidate)
    else this.#let(candidate, out)
  }

  /** What becomes of a frame that has just come (BLOCK-5). */
  #decide(
    speaker: Speaker<F>,
    stream: Stream<F>,
    ctr: number,
    candidate: Candidate<F>,
    out: Heard<F>[],
  ): void {
    if (candidate.state !== 'new') return
    if (stream.signed.has(ctr)) this.#settle(speaker, stream, ctr, candidate, out)
    else if (this.#mayBeHeard(speaker, stream, ctr, candidate.ms)) {
      speaker.unsigned.add(candidate)
      this.#let(candidate, out)
    } else candidate.state = 'held'
  }

  #mayBeHeard(speaker: Speaker<F>, stream: Stream<F>, ctr: number, ms: number): boolean {
    if (speaker.isForged) return false
    if (stream.signedTo >= 0 && ctr >= stream.signedTo + REPLAY_WINDOW) return false
    const recent = this.#options.now() - PRESENT_MS
    const others = [...speaker.streams.values()].filter((other) => other !== stream)
    if (stream.signedTo < 0 && others.some(({ signedAt }) => signedAt >= recent)) return false
    let unsigned = ms
    for (const heard of speaker.unsigned) unsigned += heard.ms
    return unsigned <= MAX_UNSIGNED_MS
  }

  #let(candidate: Candidate<F>, out: Heard<F>[]): void {
    if (candidate.heard !== undefined) out.push(candidate.heard)
    candidate.state = 'heard'
    candidate.heard = undefined
  }

  #drop(candidate: Candidate<F>): void {
    if (candidate.state !== 'heard') candidate.state = 'gone'
    candidate.heard = undefined
  }

  #forget(speaker: Speaker<F>): void {
    const now = this.#options.now()
    for (const candidate of speaker.unsigned)
      if (now - candidate.at > BUDGET_MS) speaker.unsigned.delete(candidate)
    for (const { frames } of speaker.streams.values()) {
      for (const candidates of frames.values())
        for (const each of candidates) if (each.state === 'held' && now - each.at > HOLD_MS) this.#drop(each)
    }
  }

  #forged(speaker: Speaker<F>): void {
    speaker.isForged = true
    this.#refuse('frame-forged')
  }

  /** BLOCK-7. */
  #tell(speaker: Speaker<F>): void {
    if (speaker.isForged) this.#say(speaker, 'forged')
    else if (speaker.since > UNVERIFIED_AFTER_MS) this.#say(speaker, 'unverified')
    else if (speaker.isSigned) this.#say(speaker, 'verified')
  }

  #say(speaker: Speaker<F>, check: VoiceCheck): void {
    if (speaker.check === check) return
    speaker.check = check
    this.#options.onCheck?.(speaker.key, check)
  }

  #refuse(reason: FrameReason | SignatureReason): readonly Heard<F>[] {
    this.#options.onRefusal?.(reason)
    return []
  }
}

/** Frames far ahead, which only a forger sends in numbers, give way to nearer ones. False when this one is the farthest itself. */
function makeRoom<F>({ frames }: Stream<F>, ctr: number): boolean {
  if (frames.size < MAX_FRAMES || frames.has(ctr)) return true
  const farthest = Math.max(...frames.keys())
  return farthest > ctr && frames.delete(farthest)
}
