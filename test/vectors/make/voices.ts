import { platformAead } from '../../../node/crypto/aead.ts'
import { type Block, encodeContent, frameDigest, signBlock } from '../../../protocol/audio/block.ts'
import { audienceCommitment, epochDigest, ratchet } from '../../../protocol/audio/epoch.ts'
import { deriveFrameKey, encodeHeader, sealFrame } from '../../../protocol/audio/sframe.ts'
import {
  FIRST_STREAM,
  type FramePlace,
  frameHeader,
  type Voice,
  voiceKey,
} from '../../../protocol/audio/voice.ts'
import { idBytes, type KeyText, keyBytes, type RoomId } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { type Case, hex } from '../format.ts'
import type { Cast } from './cast.ts'

/** A frame of Alice's voice. One that holds says all that it was made of; of one that has a block, the block holds, unless `reason` says why not. */
export interface VoiceCase extends Case {
  readonly kind: Voice['kind']
  /** Of the generation that the frame names. */
  readonly secret: string
  readonly frame: string
  readonly place?: FramePlace
  readonly opus?: string
  readonly block?: { readonly digests: readonly string[]; readonly signature: string }
}

export interface VoiceFile {
  readonly spec: string
  readonly room: string
  /** The session key that speaks, and its 32-byte seed. */
  readonly speaker: string
  readonly seed: string
  /** §8.3 */
  readonly epochs: readonly {
    readonly number: number
    readonly secret: string
    readonly digest: string
    readonly audience: readonly string[]
    readonly commitment: string
    readonly generations: readonly { readonly generation: number; readonly secret: string }[]
  }[]
  readonly frames: readonly VoiceCase[]
}

const SESSION = 'Alice session'
/** A packet of Opus: 20 ms of silence. */
const OPUS = Uint8Array.of(0xf8, 0xff, 0xfe)

export async function voiceFile({ room }: Cast): Promise<VoiceFile> {
  const speaker = signerOf(SESSION).publicKey
  return {
    spec: '§8.3 to §8.6',
    room: hex(idBytes(room)),
    speaker: hex(keyBytes(speaker)),
    seed: hex(bytesOf(SESSION)),
    epochs: [1, 2, 65_537].map((number) => epoch(room, number)),
    frames: await frames(room, speaker),
  }
}

function epoch(room: RoomId, number: number): VoiceFile['epochs'][number] {
  const secret = bytesOf(`secret ${number}`)
  const audience = ['Alice', 'Bob', 'Carol']
    .slice(0, number)
    .map((name) => signerOf(`${name} session`).publicKey)
  return {
    number,
    secret: hex(secret),
    digest: hex(epochDigest(room, number, secret)),
    audience: audience.map((key) => hex(keyBytes(key))),
    commitment: hex(audienceCommitment(room, number, audience)),
    generations: [0, 1, 2, 255].map((generation) => ({
      generation,
      secret: hex(ratchet(room, { epoch: number, generation: 0, secret }, generation).secret),
    })),
  }
}

async function frames(room: RoomId, speaker: KeyText): Promise<readonly VoiceCase[]> {
  const secret = bytesOf('secret 1')
  const place = { stream: FIRST_STREAM + 5, epoch: 1, generation: 0, ctr: 0 }
  const voice: Voice = { room, speaker, kind: 'mesh', stream: place.stream }

  const keyOf = (of: Voice, at: FramePlace) =>
    deriveFrameKey(platformAead, voiceKey(of, { ...at, secret }), frameHeader(at).kid)
  async function sealed(content: Uint8Array, at: FramePlace, of: Voice = voice): Promise<Uint8Array> {
    return sealFrame(await keyOf(of, at), frameHeader(at), content)
  }
  async function good(
    name: string,
    rule: string,
    at: FramePlace,
    block?: Block,
    of: Voice = voice,
  ): Promise<VoiceCase> {
    return {
      name,
      rule,
      kind: of.kind,
      secret: hex(secret),
      frame: hex(await sealed(encodeContent({ opus: OPUS, block }), at, of)),
      place: at,
      opus: hex(OPUS),
      ...(block && {
        block: { digests: block.digests.map(hex), signature: hex(block.signature) },
      }),
    }
  }
  const wrong = (
    name: string,
    rule: string,
    reason: string,
    frame: Uint8Array,
    kind: Voice['kind'] = 'mesh',
  ): VoiceCase => ({
    name,
    rule,
    kind,
    secret: hex(secret),
    frame: hex(frame),
    reason,
  })

  const plain = encodeContent({ opus: OPUS, block: undefined })
  const first = await sealed(plain, place)
  const second = { ...place, ctr: 1 }
  const third = { ...place, ctr: 2 }
  const session = signerOf(SESSION)
  const block = await signBlock(session, voice, 1, [frameDigest(first)])
  const content = encodeContent({ opus: OPUS, block })
  const later = await signBlock(session, voice, 2, [
    frameDigest(first),
    frameDigest(await sealed(content, second)),
  ])
  const byBob = await signBlock(signerOf('Bob session'), voice, 1, [frameDigest(first)])
  const relay: Voice = { ...voice, kind: 'relay' }
  const blockForRelay = await signBlock(session, relay, 1, [frameDigest(await sealed(plain, place, relay))])
  const tampered = first.slice()
  tampered[first.length - 1] = (tampered[first.length - 1] as number) ^ 1
  const last = { stream: 2 ** 40 - 1, epoch: 65_535, generation: 255, ctr: 2 ** 32 - 1 }
  const header = (kid: bigint, ctr: bigint) => Buffer.concat([encodeHeader({ kid, ctr }), new Uint8Array(20)])
  const { kid } = frameHeader(place)
  return [
    await good('the first frame', 'FRAME-1', place),
    await good('one with a block', 'BLOCK-1', second, block),
    await good('one with two digests', 'BLOCK-1', third, later),
    await good('the last of all', 'VOICE-3', last, undefined, { ...voice, stream: last.stream }),
    await good('one for a relay', 'VOICE-1', place, undefined, relay),
    await good('one with a block for a relay', 'BLOCK-3', second, blockForRelay, relay),
    wrong('no bytes', 'FRAME-1', 'frame-malformed', new Uint8Array(0)),
    wrong('Opus in the clear', 'FRAME-3', 'frame-malformed', OPUS),
    wrong('a header without a tag', 'FRAME-1', 'frame-malformed', first.subarray(0, 20)),
    wrong('a stream whose first bit is 0', 'VOICE-3', 'frame-malformed', header(kid ^ (1n << 63n), 0n)),
    wrong('a counter beyond the last', 'VOICE-3', 'frame-malformed', header(kid, 2n ** 32n)),
    wrong(
      'a counter with a leading zero',
      'FRAME-1',
      'frame-malformed',
      Buffer.concat([Uint8Array.of(0xf9), first.subarray(1, 9), Uint8Array.of(0, 9), first.subarray(9)]),
    ),
    wrong('another tag', 'FRAME-3', 'frame-wrong', tampered),
    wrong('cut short by a byte', 'FRAME-3', 'frame-wrong', first.subarray(0, -1)),
    wrong('sealed for a relay', 'VOICE-1', 'frame-wrong', await sealed(plain, place, relay)),
    wrong(
      'sealed as the voice of another',
      'VOICE-1',
      'frame-wrong',
      await sealed(plain, place, { ...voice, speaker: signerOf('Bob session').publicKey }),
    ),
    wrong('nothing in it', 'FRAME-5', 'block-malformed', await sealed(new Uint8Array(0), place)),
    wrong('no packet', 'FRAME-5', 'block-malformed', await sealed(Uint8Array.of(0), place)),
    wrong('a packet of 1,276 bytes', 'FRAME-5', 'block-malformed', await sealed(new Uint8Array(1277), place)),
    wrong('a block in the first frame', 'FRAME-5', 'block-malformed', await sealed(content, place)),
    wrong('a block and no packet', 'FRAME-5', 'block-malformed', await sealed(content.subarray(3), second)),
    wrong(
      '41 digests',
      'FRAME-5',
      'block-malformed',
      await sealed(Uint8Array.of(...new Uint8Array(400), 41), { ...place, ctr: 50 }),
    ),
    wrong(
      'a block that another session signed',
      'BLOCK-3',
      'signature-wrong',
      await sealed(encodeContent({ opus: OPUS, block: byBob }), second),
    ),
    wrong('a block in another frame', 'BLOCK-3', 'signature-wrong', await sealed(content, third)),
    wrong(
      'a block for a session, on a link to a relay',
      'BLOCK-3',
      'signature-wrong',
      await sealed(content, second, relay),
      'relay',
    ),
  ]
}
