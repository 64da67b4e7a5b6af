import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { platformAead } from '../../../node/crypto/aead.ts'
import { nativeVerify } from '../../../node/crypto/native.ts'
import { Keyring } from '../../../node/voice/keys.ts'
import { Opener, type VoiceCheck } from '../../../node/voice/opener.ts'
import { Sealer } from '../../../node/voice/sealer.ts'
import { encodeContent } from '../../../protocol/audio/block.ts'
import type { EpochSecret } from '../../../protocol/audio/epoch.ts'
import { deriveFrameKey, sealFrame } from '../../../protocol/audio/sframe.ts'
import { FIRST_STREAM, frameHeader, type Voice, voiceKey } from '../../../protocol/audio/voice.ts'
import { equalBytes } from '../../../protocol/bytes.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { PATIENCE } from '../../support/patience.ts'
import { connected, createScene, ROOM, type Seat } from './scene.ts'

/**
 * Alice speaks over a relay and Bob listens. Mallory is on the stage too, holds the room's secret, and sends by the same relay what shall pass for
 * Alice's. Of that Bob hears 400 ms at most, and Alice all along.
 */

const MS = 20
const LOUD = 20
const SECRET: EpochSecret = { epoch: 1, generation: 0, secret: bytesOf('secret 1') }
const verifier = createVerifier(await nativeVerify())
const aead = platformAead

interface Call {
  /** Milliseconds that Bob has heard of what begins so. */
  heardOf(name: string): number
  readonly check: VoiceCheck | undefined
  /** Alice says so many packets, at the pace of speech; each time `meanwhile` is done. @returns the last frame */
  speaks(
    name: string,
    count: number,
    meanwhile?: (i: number, frame: Uint8Array) => Promise<void>,
  ): Promise<Uint8Array>
  /** Mallory sends this. */
  send(payload: Uint8Array): void
  /** A frame as Alice would seal it, but for the block. */
  forge(ctr: number, text: string): Promise<Uint8Array>
  /** The time of a packet passes, for those who seal and open as for the relay. */
  pause(): Promise<void>
  /** Waits until this, which was sent last, has come. */
  settled(last: Uint8Array): Promise<void>
}

/** One frame of 20 ms (RFC 6716 §3.1), and words where sound would be. */
const packet = (text: string) => Uint8Array.of(0xf8, ...Buffer.from(text))

async function begin(): Promise<Call> {
  const scene = await createScene()
  const [alice, mallory, bob] = [
    await scene.guest('Alice'),
    await scene.guest('Mallory'),
    await scene.guest('Bob'),
  ]
  for (const { person } of [alice, mallory]) scene.stage.add(person.member)
  const seats: readonly Seat[] = [alice.sit({ speaks: true }), mallory.sit({ speaks: true }), bob.sit()]
  await Promise.all(seats.map((seat) => seat.until(connected)))
  const [mouth, forger, ear] = seats as [Seat, Seat, Seat]

  let time = 0
  const now = () => time
  const signer = signerOf('Alice session')
  const voice: Voice = { room: ROOM, speaker: signer.publicKey, kind: 'relay', stream: FIRST_STREAM }
  const sealer = new Sealer({ voice, signer, aead, now, secret: () => SECRET })
  const keyring = new Keyring(ROOM)
  keyring.set({ held: [SECRET], speak: undefined })
  const heard: string[] = []
  let check: VoiceCheck | undefined
  const opener = new Opener<undefined>({
    room: ROOM,
    kind: 'relay',
    speakers: () => [signer.publicKey],
    keyring,
    aead,
    verifier,
    now,
    onCheck: (_speaker, known) => {
      check = known
    },
  })
  /** Of what came, what was opened. */
  let taken = 0
  let opening: Promise<unknown> = Promise.resolve()
  const look = () => {
    for (const { payload } of ear.heard.slice(taken)) {
      taken += 1
      opening = opener
        .open(undefined, payload)
        .then((out) => heard.push(...out.map(({ opus }) => Buffer.from(opus.subarray(1)).toString())))
    }
  }
  const looking = setInterval(look, MS / 2)
  onTestFinished(() => clearInterval(looking))
  async function pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, MS))
    time += MS
  }
  const { kid } = frameHeader({ ...SECRET, stream: voice.stream, ctr: 0 })
  const key = await deriveFrameKey(aead, voiceKey(voice, SECRET), kid)

  return {
    heardOf: (name) => MS * heard.filter((text) => text.startsWith(name)).length,
    get check() {
      return check
    },
    async speaks(name, count, meanwhile) {
      let last: Uint8Array = new Uint8Array()
      for (let i = 0; i < count; i++) {
        const frame = (await sealer.seal(packet(`${name} ${i}`))) as Uint8Array
        mouth.link.connection.send(frame, MS, LOUD)
        await meanwhile?.(i, frame)
        await pause()
        last = frame
      }
      return last
    },
    send: (payload) => forger.link.connection.send(payload, MS, LOUD),
    forge: (ctr, text) =>
      sealFrame(
        key,
        frameHeader({ ...SECRET, stream: voice.stream, ctr }),
        encodeContent({ opus: packet(text), block: undefined }),
      ),
    pause,
    async settled(last) {
      await vi.waitUntil(() => ear.heard.some(({ payload }) => equalBytes(payload, last)), PATIENCE)
      look()
      await opening
    },
  }
}

/** Whatever was tried: Alice is heard on, all but what waits for the block after her last packet, and the forger hardly was. */
async function isHeardOn(call: Call): Promise<void> {
  await call.settled(await call.speaks('after', 100))
  expect(call.heardOf('after')).toBeGreaterThanOrEqual(100 * MS - 300)
  expect(call.heardOf('forged')).toBeLessThanOrEqual(400)
}

describe('BLOCK-6 a member with the keys who forges over a relay', () => {
  test('while the speaker speaks', async () => {
    const call = await begin()
    const last = await call.speaks('honest', 100, async (i) => {
      if (i >= 25) call.send(await call.forge(i + 10, `forged ${i}`))
    })
    await call.settled(last)
    expect(call.check).toBe('forged')
    await isHeardOn(call)
  })

  test('while the speaker is silent', async () => {
    const call = await begin()
    await call.speaks('honest', 25)
    let last: Uint8Array = new Uint8Array()
    for (let i = 25; i < 125; i++) {
      last = await call.forge(i, `forged ${i}`)
      call.send(last)
      await call.pause()
    }
    await call.settled(last)
    expect(call.check).toBe('unverified')
    expect(call.heardOf('forged')).toBeLessThanOrEqual(400)
    // The speaker's own frames have the counters that were used up for them.
    await call.speaks('late', 100)
    await isHeardOn(call)
  })

  test('with what was said before, counters that begin anew, nothing sealed, and frames cut short', async () => {
    const call = await begin()
    const said: Uint8Array[] = []
    const last = await call.speaks('honest', 150, async (i, frame) => {
      said.push(frame)
      if (i < 100) return
      const old = said[i - 100] as Uint8Array
      call.send(old)
      call.send(await call.forge(i - 100, `forged ${i}`))
      call.send(await call.forge(2 ** 32 + i, `forged ${i}`))
      call.send(packet(`forged ${i}`))
      call.send(old.subarray(0, old.length - 1 - (i % 20)))
    })
    await call.settled(last)
    expect(call.heardOf('forged')).toBe(0)
    expect(call.heardOf('honest')).toBeGreaterThanOrEqual(150 * MS - 300)
    expect(call.check).toBe('verified')
    await isHeardOn(call)
  })
})
