import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { platformAead } from '../../node/crypto/aead.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { type Content, decodeContent, encodeContent, verifyBlock } from '../../protocol/audio/block.ts'
import { audienceCommitment, epochDigest, ratchet } from '../../protocol/audio/epoch.ts'
import { deriveFrameKey, openFrame, sealFrame } from '../../protocol/audio/sframe.ts'
import { type FramePlace, frameHeader, readPlace, voiceKey } from '../../protocol/audio/voice.ts'
import { idOf, keyText, type RoomId } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { good, type Result } from '../../protocol/result.ts'
import { hex, unhex } from './format.ts'
import type { VoiceCase, VoiceFile } from './make/voices.ts'

/** Voices and epochs (SPEC §8.3 to §8.6) against the committed vectors, in both directions. */

const path = join(import.meta.dirname, 'voice.json')
const file: VoiceFile = JSON.parse(readFileSync(path, 'utf8'))
const room = idOf<RoomId>(unhex(file.room))
const speaker = keyText(unhex(file.speaker))
const verifier = await platformVerifier()

async function keyFor(one: VoiceCase, place: FramePlace) {
  const voice = { room, speaker, kind: one.kind, stream: place.stream }
  const secret = { epoch: place.epoch, generation: place.generation, secret: unhex(one.secret) }
  const key = await deriveFrameKey(platformAead, voiceKey(voice, secret), frameHeader(place).kid)
  return { voice, key }
}

async function judge(one: VoiceCase): Promise<Result<Content, Reason>> {
  const frame = unhex(one.frame)
  const place = readPlace(frame)
  if (!place.ok) return place
  const { voice, key } = await keyFor(one, place.value)
  const opened = await openFrame(key, frame)
  if (!opened.ok) return opened
  const { ctr } = place.value
  const content = decodeContent(opened.value, ctr)
  if (!content.ok || content.value.block === undefined) return content
  const signed = await verifyBlock(verifier, voice, ctr, content.value.block)
  return signed.ok ? good(content.value) : signed
}

describe('voices', () => {
  it.each(file.frames.map((one) => [`${one.rule} ${one.name}`, one] as const))('%s', async (_name, one) => {
    const verdict = await judge(one)
    expect(verdict.ok ? 'holds' : verdict.reason).toBe(one.reason ?? 'holds')
    if (!verdict.ok || one.place === undefined) return
    const { opus, block } = verdict.value
    expect(hex(opus)).toBe(one.opus)
    expect(block && { digests: block.digests.map(hex), signature: hex(block.signature) }).toEqual(one.block)
    expect(readPlace(unhex(one.frame))).toEqual(good(one.place))
    const { key } = await keyFor(one, one.place)
    const sealed = await sealFrame(key, frameHeader(one.place), encodeContent(verdict.value))
    expect(hex(sealed)).toBe(one.frame)
  })
})

describe('epochs', () => {
  it.each(file.epochs)('EPOCH-2 to 4 number $number', (epoch) => {
    const secret = unhex(epoch.secret)
    expect(hex(epochDigest(room, epoch.number, secret))).toBe(epoch.digest)
    const audience = epoch.audience.map((key) => keyText(unhex(key)))
    expect(hex(audienceCommitment(room, epoch.number, audience))).toBe(epoch.commitment)
    expect(hex(audienceCommitment(room, epoch.number, audience.toReversed()))).toBe(epoch.commitment)
    const first = { epoch: epoch.number, generation: 0, secret }
    for (const { generation, secret: later } of epoch.generations) {
      expect(hex(ratchet(room, first, generation).secret)).toBe(later)
      const middle = ratchet(room, first, Math.floor(generation / 2))
      expect(hex(ratchet(room, middle, generation).secret)).toBe(later)
    }
  })

  it('EPOCH-3 a session is in an audience once', () => {
    expect(() => audienceCommitment(room, 1, [speaker, speaker])).toThrow(TypeError)
  })

  it('EPOCH-4 a ratchet does not turn back', () => {
    const later = { epoch: 1, generation: 2, secret: new Uint8Array(32) }
    expect(() => ratchet(room, later, 1)).toThrow(RangeError)
  })
})
