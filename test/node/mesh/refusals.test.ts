import { beforeEach, describe, expect, test } from 'vitest'
import {
  CHANNEL_BURST,
  MAX_EARLY_CANDIDATES,
  MAX_HELD_CHANNELS,
  MAX_REFUSALS,
  MESSAGE_BURST,
  MESSAGE_REFILL_MS,
} from '../../../node/mesh/limits.ts'
import { decodeSignal, encodeSignal } from '../../../node/mesh/signal.ts'
import type { Channel } from '../../../node/network/network.ts'
import type { Connection, SessionDescription } from '../../../node/ports/connections.ts'
import {
  DESCRIPTION,
  type Description,
  fingerprintOf,
  sdpDigest,
} from '../../../protocol/audio/description.ts'
import { encodeValue } from '../../../protocol/codec.ts'
import { seal } from '../../../protocol/envelope.ts'
import { MAX_DESCRIPTION_LIFETIME, MAX_SDP_BYTES } from '../../../protocol/limits.ts'
import type { Reason } from '../../../protocol/reasons.ts'
import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../../protocol/wire/signalling.ts'
import { NOON, personOf, signerOf } from '../../support/community.ts'
import { lyingConnections } from '../../support/lying-connections.ts'
import {
  createScene,
  hears,
  KEYS,
  linked,
  linkOf,
  OTHER_ROOM,
  type Participant,
  ROOM,
  type Scene,
  type Session,
  settled,
  wanted,
} from './scene.ts'

/**
 * What a lawless session can send to a participant who expects it: each refused for its reason, with nothing played and nothing left open.
 */

let scene: Scene
let victim: Participant
let attacker: Session
let channel: Channel
let connection: Connection

beforeEach(async () => {
  scene = await createScene()
  ;[victim, attacker] = await scene.besieged()
  victim.mesh.update([wanted(attacker, 'receive')])
  channel = await open()
  const lawless = scene.media.session()
  lawless.use(KEYS)
  connection = lawless.open({ negotiationNeeded() {}, candidate() {}, changed() {} }, victim.key)
  connection.send(attacker.microphone)
})

function open(): Promise<Channel> {
  const { signal } = new AbortController()
  return attacker.network.openChannel(victim.network.peer, SIGNALLING_PROTOCOL, {
    signal,
    maxBytes: 2 * SIGNALLING.maxBytes,
  })
}

async function offer(): Promise<SessionDescription> {
  const description = await connection.describe()
  return { type: 'offer', sdp: description.sdp }
}

/** What an honest session would say of this description now. */
function claim({ type, sdp }: SessionDescription): Description {
  const at = Math.floor(scene.clock.now() / 1000)
  return {
    r: ROOM,
    epoch: 0,
    m: attacker.person.member,
    from: attacker.key,
    to: victim.key,
    kind: type,
    fp: fingerprintOf(sdp) ?? new Uint8Array(32),
    sdp: sdpDigest(sdp),
    n: 1,
    at,
    exp: at + MAX_DESCRIPTION_LIFETIME,
  }
}

async function sealed(
  description: SessionDescription,
  changes: Partial<Description> = {},
  signer = attacker.person.device,
): Promise<Uint8Array> {
  const { community } = scene.membership()
  const payload = { ...claim(description), ...changes }
  return encodeSignal({
    kind: 'description',
    envelope: (await seal(DESCRIPTION, community, payload, [signer])).bytes,
    sdp: description.sdp,
  })
}

async function expectRefusal(reason: Reason): Promise<void> {
  await linked(victim, attacker, ({ state }) => state === 'failed')
  await channel.closed
  expect(linkOf(victim, attacker)).toMatchObject({ state: 'failed', reason, stream: undefined })
  expect(victim.reports).toEqual([reason])
  expect(await hears(victim, attacker)).toBe(false)
  expect(scene.media.size, 'only the connection of the attacker is left').toBe(1)
  expect(scene.clock.pending).toBe(0)
}

describe('a description', () => {
  test('that is in order is answered: what the others lack is not the scene', async () => {
    await channel.send(await sealed(await offer()))
    for await (const _answer of channel.messages) break
    expect(victim.reports).toEqual([])
  })

  test.each<[string, Reason, (changes: { now: number }) => Partial<Description>]>([
    ['for another room', 'foreign-room', () => ({ r: OTHER_ROOM })],
    ['for another session', 'wrong-peer', () => ({ to: signerOf('nobody').publicKey })],
    ['from another session', 'wrong-peer', () => ({ from: signerOf('nobody').publicKey })],
    ['of another epoch', 'stale', () => ({ epoch: 1 })],
    ['that has expired', 'expired', ({ now }) => ({ at: now - 360, exp: now - 301 })],
    ['that lasts too long', 'expired', ({ now }) => ({ exp: now + MAX_DESCRIPTION_LIFETIME + 1 })],
    [
      'of another fingerprint than the session description',
      'wrong-fingerprint',
      () => ({ fp: new Uint8Array(32) }),
    ],
    ['of another session description', 'wrong-description', () => ({ sdp: new Uint8Array(32) })],
  ])('%s', async (_name, reason, changes) => {
    await channel.send(await sealed(await offer(), changes({ now: scene.clock.now() / 1000 })))
    await expectRefusal(reason)
  })

  test('of another member', async () => {
    const { member } = await personOf(scene.membership().community, 'Mallory', NOON)
    await channel.send(await sealed(await offer(), { m: member }))
    await expectRefusal('wrong-peer')
  })

  test('signed by a device that is not the member’s', async () => {
    await channel.send(await sealed(await offer(), {}, victim.person.device))
    await expectRefusal('not-member')
  })

  test('whose signature is of other bytes', async () => {
    const description = await offer()
    const { community } = scene.membership()
    const real = await seal(DESCRIPTION, community, claim(description), [attacker.person.device])
    const forged = {
      publicKey: attacker.person.device.publicKey,
      sign: async () => real.signatures[0]?.signature ?? new Uint8Array(64),
    }
    await channel.send(await sealed(description, { n: 2 }, forged))
    await expectRefusal('signature-wrong')
  })

  test('whose session description was swapped on the way', async () => {
    const description = await offer()
    const real = await seal(DESCRIPTION, scene.membership().community, claim(description), [
      attacker.person.device,
    ])
    const sdp = description.sdp.replace('127.0.0.1', '127.0.0.2')
    await channel.send(encodeSignal({ kind: 'description', envelope: real.bytes, sdp }))
    await expectRefusal('wrong-description')
  })

  test('that came before', async () => {
    const message = await sealed(await offer())
    await channel.send(message)
    await settled()
    await channel.send(message)
    await expectRefusal('stale')
  })

  test('that came before, on an earlier channel', async () => {
    const message = await sealed(await offer())
    await channel.send(message)
    await settled()
    await channel.close()
    await settled()
    channel = await open()
    await channel.send(message)
    await linked(victim, attacker, ({ state }) => state === 'failed')
    expect(victim.reports.at(-1)).toBe('stale')
  })

  test('that answers nothing', async () => {
    const { sdp } = await offer()
    await channel.send(await sealed({ type: 'answer', sdp }))
    await expectRefusal('stale')
  })

  test('of video', async () => {
    const { sdp } = await offer()
    const video = `${sdp}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:7\r\na=sendonly\r\n`
    await channel.send(await sealed({ type: 'offer', sdp: video }))
    await expectRefusal('wrong-description')
  })

  test('of more voices than one each way', async () => {
    const { sdp } = await offer()
    const more = ['5', '6', '7'].map(
      (mid) => `m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${mid}\r\na=sendonly\r\n`,
    )
    await channel.send(await sealed({ type: 'offer', sdp: sdp + more.join('') }))
    await expectRefusal('wrong-description')
  })

  test('that the platform can make nothing of', async () => {
    const { sdp } = await offer()
    await channel.send(await sealed({ type: 'offer', sdp: sdp.replace('a=ice-ufrag', 'a=other') }))
    await expectRefusal('wrong-description')
  })

  test('that is larger than a session description may be', async () => {
    const { sdp } = await offer()
    const row = `a=note:${'x'.repeat(1000)}\r\n`
    const large = sdp + row.repeat(Math.ceil(MAX_SDP_BYTES / row.length))
    await channel.send(encodeValue({ d: Uint8Array.of(1), sdp: large }))
    await expectRefusal('field-invalid')
  })

  test('in a message that is larger than any may be', async () => {
    await channel.send(new Uint8Array(SIGNALLING.maxBytes + 1))
    await expectRefusal('too-large')
  })
})

describe('a certificate', () => {
  /** The attacker names a certificate that is not the one it proves itself with, and signs that honestly. */
  test('that is not the signed one connects to nobody', async () => {
    const { sdp } = await offer()
    const other = Array.from({ length: 32 }, () => 'AB').join(':')
    const swapped = sdp.replace(/^(a=fingerprint:sha-256 )\S+/m, `$1${other}`)
    await channel.send(await sealed({ type: 'offer', sdp: swapped }))
    await answerIn(channel)
    await linked(victim, attacker, ({ state }) => state === 'failed')
    expect(linkOf(victim, attacker)).toMatchObject({ reason: 'wrong-fingerprint', stream: undefined })
    expect(await hears(victim, attacker)).toBe(false)
  })

  test('that the platform shows, and is not the signed one, is seen where the platform did not compare', async () => {
    scene = await createScene()
    const careless = lyingConnections(scene.media.session(), () => ({
      remoteFingerprint: async () => new Uint8Array(32),
    }))
    const [low, high] = await scene.pair(careless)
    low.mesh.update([wanted(high, 'both')])
    high.mesh.update([wanted(low, 'both')])
    await linked(high, low, ({ state }) => state === 'failed')
    expect(linkOf(high, low)).toMatchObject({ reason: 'wrong-fingerprint', stream: undefined })
  })

  test('is one for the whole link', async () => {
    await channel.send(await sealed(await offer()))
    await answerIn(channel)
    await linked(victim, attacker)
    expect(await hears(victim, attacker), 'before').toBe(true)
    const other = scene.media
      .session()
      .open({ negotiationNeeded() {}, candidate() {}, changed() {} }, victim.key)
    other.send(attacker.microphone)
    await channel.send(await sealed(await other.describe(), { n: 2 }))
    await linked(victim, attacker, ({ state }) => state === 'failed')
    expect(linkOf(victim, attacker)).toMatchObject({ reason: 'wrong-fingerprint', stream: undefined })
    other.close()
  })

  /** Takes the victim's answer, and gives it a road. */
  async function answerIn(from: Channel): Promise<void> {
    for await (const bytes of from.messages) {
      const signal = decodeSignal(bytes)
      if (!signal.ok) throw new Error(signal.reason)
      if (signal.value.kind === 'description') {
        await connection.accept({ type: 'answer', sdp: signal.value.sdp })
        await from.send(encodeSignal({ kind: 'candidate', candidate: { candidate: 'candidate:1' } }))
      } else if (signal.value.kind === 'candidate') {
        await connection.addCandidate(signal.value.candidate)
        return
      }
    }
  }
})

describe('a message', () => {
  test.each<[string, Reason, Uint8Array]>([
    ['that is no value', 'malformed', Uint8Array.of(0x18)],
    ['that says nothing', 'field-missing', encodeValue({})],
    ['with a description that nobody vouches for', 'field-missing', encodeValue({ sdp: 'v=0\r\n' })],
    ['that says two things', 'field-unknown', encodeValue({ bye: true, ice: { candidate: '' } })],
    ['of a kind that nobody knows', 'field-unknown', encodeValue({ hello: true })],
    ['with a description that is not text', 'field-invalid', encodeValue({ d: Uint8Array.of(1), sdp: 1 })],
  ])('%s', async (_name, reason, message) => {
    await channel.send(message)
    await expectRefusal(reason)
  })

  test('too many: candidates before any description', async () => {
    const candidate = encodeSignal({ kind: 'candidate', candidate: { candidate: 'candidate:1' } })
    for (let i = 0; i < MAX_EARLY_CANDIDATES; i++) await channel.send(candidate)
    await settled()
    expect(victim.reports).toEqual([])
    await channel.send(candidate)
    await expectRefusal('rate-limited')
  })

  test('too many: more than the rate after the description', async () => {
    await channel.send(await sealed(await offer()))
    const candidate = encodeSignal({ kind: 'candidate', candidate: { candidate: 'nonsense' } })
    for (let i = 1; i < MESSAGE_BURST; i++) await channel.send(candidate)
    await settled()
    expect(victim.reports).toEqual([])
    scene.clock.turn(MESSAGE_REFILL_MS)
    await channel.send(candidate)
    await settled()
    expect(victim.reports).toEqual([])
    await channel.send(candidate)
    await expectRefusal('rate-limited')
  })
})

describe('again and again', () => {
  test('bad messages: after the last one that is forgiven nothing is listened to', async () => {
    for (let i = 0; i < MAX_REFUSALS; i++) {
      if (i > 0) channel = await open()
      await channel.send(Uint8Array.of(0xff))
      await channel.closed
    }
    await settled()
    channel = await open()
    await channel.closed
    expect(victim.reports).toHaveLength(MAX_REFUSALS)
    expect(linkOf(victim, attacker)?.state).toBe('failed')
    expect(scene.media.size).toBe(1)
  })

  test('bad messages of a session that is wanted anew are a new matter', async () => {
    for (let i = 0; i < MAX_REFUSALS; i++) {
      if (i > 0) channel = await open()
      await channel.send(Uint8Array.of(0xff))
      await channel.closed
    }
    victim.mesh.update([])
    victim.mesh.update([wanted(attacker, 'receive')])
    channel = await open()
    await channel.send(await sealed(await offer()))
    for await (const _answer of channel.messages) break
    expect(linkOf(victim, attacker)?.state).toBe('connecting')
  })

  test('channels: the newest counts, and too many in a row are not taken', async () => {
    for (let i = 1; i < CHANNEL_BURST; i++) {
      const older = channel
      channel = await open()
      await older.closed
    }
    const surplus = await open()
    await surplus.closed
    await channel.send(await sealed(await offer()))
    for await (const _answer of channel.messages) break
    expect(scene.media.size, 'one connection at each end').toBe(2)
  })

  test('strangers: no more channels are held than there is room for', async () => {
    const crowd = await Promise.all(
      Array.from({ length: MAX_HELD_CHANNELS + 1 }, (_, i) => scene.session(`stranger ${i}`)),
    )
    const channels: Channel[] = []
    for (const { network } of crowd) {
      const { signal } = new AbortController()
      channels.push(
        await network.openChannel(victim.network.peer, SIGNALLING_PROTOCOL, { signal, maxBytes: 64 }),
      )
    }
    await channels.at(-1)?.closed
    expect(victim.network.openChannels, 'those, and that of the attacker').toBe(MAX_HELD_CHANNELS + 1)
  })
})

test('CARRY-8 to somebody who hides their address: no channel is kept, no connection is made, and nothing is answered', async () => {
  const [hidden, other] = await scene.besieged()
  const before = scene.media.size
  hidden.network.hidesAddress = true
  expect(() => hidden.mesh.update([wanted(other, 'receive')])).toThrow(TypeError)
  const { signal } = new AbortController()
  const refused = await other.network.openChannel(hidden.network.peer, SIGNALLING_PROTOCOL, {
    signal,
    maxBytes: 2 * SIGNALLING.maxBytes,
  })
  await refused.send(await sealed(await offer())).catch(() => undefined)
  const answers: Uint8Array[] = []
  await (async () => {
    for await (const answer of refused.messages) answers.push(answer)
  })().catch(() => undefined)
  await refused.closed
  expect([answers, scene.media.size - before]).toEqual([[], 0])
})
