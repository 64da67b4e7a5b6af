/** What encryption and signatures add to a voice: bytes for each second of a real recording. */

import { platformAead } from '../../node/crypto/aead.ts'
import { Sealer } from '../../node/voice/sealer.ts'
import { AEAD_TAG_BYTES } from '../../protocol/audio/aead.ts'
import { decodeContent } from '../../protocol/audio/block.ts'
import { decodeHeader, deriveFrameKey, openFrame } from '../../protocol/audio/sframe.ts'
import { FIRST_STREAM, frameHeader, readPlace, voiceKey } from '../../protocol/audio/voice.ts'
import { idOf, type RoomId } from '../../protocol/ids.ts'
import { BLOCK_DIGEST_BYTES } from '../../protocol/limits.ts'
import { SIGNATURE_BYTES } from '../../protocol/signature.ts'
import { bytesOf, signerOf } from '../support/community.ts'
import { opusPackets } from '../support/ogg-opus.ts'
import { ALICE } from '../support/recordings/recordings.ts'
import { against, type Figure, round } from './figure.ts'

/** Milliseconds of sound in a packet: in a small room, and for an audience. */
const PACKETS = [20, 60] as const
/** The recording is said again and again for so long: counters, and with them headers, grow. Milliseconds. */
const SPEECH = 10 * 60_000

export async function* overhead(): AsyncGenerator<Figure> {
  for (const milliseconds of PACKETS) yield* added(milliseconds)
}

async function* added(milliseconds: number): AsyncGenerator<Figure> {
  const packets = opusPackets(ALICE, milliseconds)
  const count = SPEECH / milliseconds
  const secret = { epoch: 1, generation: 0, secret: bytesOf('secret 1') }
  const signer = signerOf('Alice session')
  const voice = {
    room: idOf<RoomId>(bytesOf('the room')),
    speaker: signer.publicKey,
    kind: 'relay' as const,
    stream: FIRST_STREAM,
  }
  let now = 0
  const sealer = new Sealer({ voice, signer, aead: platformAead, now: () => now, secret: () => secret })
  const { kid } = frameHeader({ ...secret, stream: voice.stream, ctr: 0 })
  const key = await deriveFrameKey(platformAead, voiceKey(voice, secret), kid)
  const bytes = { opus: 0, header: 0, tag: 0, 'length of the block': 0, digests: 0, signature: 0 }
  let [sealed, signatures] = [0, 0]
  for (; sealed < count; now += milliseconds, sealed++) {
    const opus = packets[sealed % packets.length] as Uint8Array
    const frame = await sealer.seal(opus)
    if (frame === undefined) throw new Error('a packet was not sealed')
    const [place, header, opened] = [readPlace(frame), decodeHeader(frame), await openFrame(key, frame)]
    if (!place.ok || !header.ok || !opened.ok) throw new Error('a frame cannot be read')
    const content = decodeContent(opened.value, place.value.ctr)
    if (!content.ok) throw new Error(content.reason)
    bytes.opus += content.value.opus.length
    bytes.header += header.value.length
    bytes.tag += AEAD_TAG_BYTES
    bytes['length of the block'] += 1
    const { block } = content.value
    if (block === undefined) continue
    signatures += 1
    bytes.digests += block.digests.length * BLOCK_DIGEST_BYTES
    bytes.signature += SIGNATURE_BYTES
  }
  const seconds = SPEECH / 1000
  const what = `a voice in packets of ${milliseconds} ms`
  const { opus, ...parts } = bytes
  const all = Object.values(parts).reduce((sum, each) => sum + each, 0)
  const order = Object.entries(parts).toSorted(([, a], [, b]) => b - a)
  yield {
    metric: `encryption and signatures in a second of ${what}`,
    unit: 'B',
    n: sealed,
    value: round(all / seconds),
    compared: [against({ peer: 'the Opus that it carries' }, opus / seconds, all / seconds)],
    parts: Object.fromEntries(order.map(([name, each]) => [name, round(each / seconds)])),
  }
  yield { metric: `the same for each packet of ${what}`, unit: 'B', n: sealed, value: round(all / sealed) }
  yield {
    metric: `signatures in a second of ${what}`,
    unit: '1/s',
    n: sealed,
    value: round(signatures / seconds),
  }
}
