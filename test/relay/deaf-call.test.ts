import { afterEach, expect, test, vi } from 'vitest'
import { AudienceLink } from '../../node/audience/audience-link.ts'
import { platformAead } from '../../node/crypto/aead.ts'
import { deviceSigner } from '../../node/crypto/device-key.ts'
import { nativeVerify } from '../../node/crypto/native.ts'
import { sessionSigner } from '../../node/crypto/session-signer.ts'
import { type HeadlessConnection, headlessAudience } from '../../node/headless/audience-connections.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { ask } from '../../node/requests.ts'
import type { Peer } from '../../node/view.ts'
import { Keyring } from '../../node/voice/keys.ts'
import { Opener } from '../../node/voice/opener.ts'
import { Sealer } from '../../node/voice/sealer.ts'
import type { WaysIn } from '../../node/ways-in.ts'
import type { EpochSecret } from '../../protocol/audio/epoch.ts'
import { deriveFrameKey } from '../../protocol/audio/sframe.ts'
import { FIRST_STREAM, frameHeader, type Voice, voiceKey } from '../../protocol/audio/voice.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import { createVerifier } from '../../protocol/signature.ts'
import { EPOCH } from '../../protocol/wire/epoch.ts'
import { HEARD, SHORTEST, scores } from '../support/hearing.ts'
import { comesIn, type Insider } from '../support/insider.ts'
import { codeOf, joinListed, PATIENCE, until } from '../support/node-peer.ts'
import { decoded, opusPackets } from '../support/ogg-opus.ts'
import { ALICE, RECORDINGS } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { capture, type Finds, family, Haystack, type Needle } from '../support/traces.ts'

/**
 * A call over a relay: Alice speaks under the secret of a real room, Bob opens what the relay forwards, and meanwhile everything that the relay has is
 * looked through. Memory of a process is Linux's to read, and a capture root's.
 */

const SPEECH = opusPackets(ALICE)
/** What a call lasts, in packets of 20 ms: enough to judge whose voice it is. */
const PACKETS = Math.ceil((SHORTEST + 1) * 50)
/** UDP ports of the relay's media process: below those that the system gives away. */
const FIRST_PORT = 20_000 + 4 * Math.floor(Math.random() * 2_500)
const LAST_PORT = FIRST_PORT + 3
const judge = createVerifier(await nativeVerify())

/** What was found on the wire where nobody may look. */
const NOT_LOOKED = ['not captured: only root can'] as const
const isRoot = process.getuid?.() === 0
/** @returns what must have been found there, if anybody could look */
const onWire = (...finds: string[]): Finds => (isRoot ? finds : NOT_LOOKED)
if (!isRoot) console.warn('deaf-call: what goes over the wire is not looked through: only root can capture')

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function member(origin: string, come: (ways: WaysIn<Peer>) => Promise<Peer>): Promise<Insider> {
  const insider = await comesIn(origin, come)
  ends.push(() => insider.peer.stop())
  return insider
}

function attach(
  { start }: Insider,
  room: RoomId,
  speaks: boolean,
  onPacket: (payload: Uint8Array) => void,
): Promise<HeadlessConnection> {
  const { card, entrance, ledger } = start
  return new Promise((resolve, reject) => {
    const relay = entrance.site.relay
    const link: AudienceLink<HeadlessConnection> = new AudienceLink({
      room,
      relay: { peer: relay, key: keyOf(relay) as KeyText },
      speaks,
      me: {
        member: card.member,
        device: deviceSigner(card.device),
        peer: keyOf(entrance.network.peer) as KeyText,
      },
      network: entrance.network,
      connections: headlessAudience({
        bind: '127.0.0.1',
        onPacket: ({ payload }) => onPacket(payload.slice()),
      }),
      clock: systemClock,
      verifier: judge,
      membership: () => ledger.membership.value,
      onChange: () => {
        if (link.connected) resolve(link.connection)
      },
      onEnd: ({ reason }) => reject(new Error(`the link ended: ${reason}`)),
    })
    ends.push(() => link.close())
  })
}

/** Everything that opens Alice's voice, and what it says. */
async function needles(voice: Voice, held: EpochSecret, secret: EpochSecret): Promise<readonly Needle[]> {
  const keys: Uint8Array[] = []
  const base = voiceKey(voice, secret)
  const { salt } = await deriveFrameKey(
    {
      importKey(bytes) {
        keys.push(bytes.slice())
        return platformAead.importKey(bytes)
      },
    },
    base,
    frameHeader({ ...secret, stream: voice.stream, ctr: 0 }).kid,
  )
  const spelled = (what: string, bytes: Uint8Array): Needle[] => [
    { what, bytes },
    ...(['hex', 'base64', 'base64url'] as const).map((encoding) => ({
      what,
      bytes: Buffer.from(Buffer.from(bytes).toString(encoding).replace(/=+$/, '')),
    })),
  ]
  return [
    ...spelled('secret', held.secret),
    ...spelled('secret', secret.secret),
    ...spelled('key', base),
    ...keys.flatMap((key) => spelled('key', key)),
    { what: 'key', bytes: salt },
    // Where packets of one voice differ most.
    ...SPEECH.filter(({ length }) => length >= 40).map((packet) => ({
      what: 'speech',
      bytes: packet.subarray(8, 32),
    })),
  ]
}

interface Heard {
  /** In the memory of the relay and its media processes, in its folder, and on its ports since before anybody could hand it a secret. */
  readonly memory: Finds
  readonly disk: Finds
  readonly wire: Finds
  /** Whether a decoder makes Alice's voice of what the relay forwarded, as it came out of there. */
  readonly relayHears: boolean
  /** The same of what Bob opened. */
  readonly bobHears: boolean
}

/** @param sealed whether Alice seals what she says @param told whether somebody hands the relay the room's secret */
async function call(relay: RelayProcess, sealed: boolean, told: boolean): Promise<Heard> {
  const token = relay.foundingLink?.split('/').at(-1) as string
  const alice = await member(relay.origin, async (ways) =>
    ways.found({ token, community: 'Le Baobab', name: 'Alice', identity: await ways.newIdentity() }),
  )
  const { link } = await alice.peer.invite()
  const bob = await member(relay.origin, async (ways) => {
    await ways.readInvitation(codeOf(link))
    return ways.join({ code: codeOf(link), name: 'Bob', identity: await ways.newIdentity() })
  })
  const hers = await alice.peer.openRoom({ title: 'Evening', topics: [], language: 'fr' })
  const his = await joinListed(bob.peer, 'Evening')
  await until(his.view, ({ status, people }) => status === 'open' && people.length === 2)
  const room = hers.view.value.id
  // Both hold the secret, and Alice speaks under it.
  await vi.waitUntil(() => alice.keys.speak !== undefined && bob.keys.held.length > 0, PATIENCE)
  const secret = alice.keys.speak as EpochSecret
  const listening = isRoot ? await capture(portsOf(relay)) : undefined
  if (listening !== undefined) ends.push(() => listening.stop())
  const { relay: far } = alice.start.entrance.site
  const { network } = alice.start.entrance
  if (told) {
    const handed = { r: room, n: secret.epoch, g: secret.generation, s: secret.secret }
    await ask(network, far, EPOCH, handed, AbortSignal.timeout(PATIENCE))
  }

  const signer = await sessionSigner(alice.start.sessionSeed)
  const voice: Voice = { room, speaker: signer.publicKey, kind: 'relay', stream: FIRST_STREAM }
  const now = () => performance.now()
  const sealer = new Sealer({ voice, signer, aead: platformAead, now, secret: () => secret })
  const keyring = new Keyring(room)
  keyring.set(bob.keys)
  const speakers = () => [signer.publicKey]
  const opener = new Opener<undefined>({
    room,
    kind: 'relay',
    speakers,
    keyring,
    aead: platformAead,
    verifier: judge,
    now,
  })
  const forwarded: Uint8Array[] = []
  const opened: Uint8Array[] = []
  let opening: Promise<unknown> = Promise.resolve()
  await attach(bob, room, false, (payload) => {
    forwarded.push(payload)
    opening = opening
      .then(() => opener.open(undefined, payload))
      .then((heard) => opened.push(...heard.map(({ opus }) => opus)))
  })
  const mouth = await attach(alice, room, true, () => {})
  const began = now()
  let sent = 0
  let over = false
  const speaking = (async () => {
    while (!over || sent < PACKETS) {
      const opus = SPEECH[sent % SPEECH.length] as Uint8Array
      const payload = sealed ? await sealer.seal(opus) : opus
      if (payload !== undefined) mouth.send(payload, 20, 10)
      sent += 1
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + 20 * sent - now())))
    }
  })()
  await vi.waitUntil(() => forwarded.length >= PACKETS / 2, PATIENCE)

  const wanted = await needles(voice, alice.keys.held.at(-1) as EpochSecret, secret)
  const memory = new Haystack(wanted)
  for (const pid of family(relay.pid)) await memory.searchMemory(pid)
  const disk = new Haystack(wanted)
  disk.searchFolder(relay.data)
  await vi.waitUntil(() => forwarded.length >= PACKETS, PATIENCE)
  over = true
  await speaking
  await opening
  const wire = new Haystack(wanted)
  if (listening !== undefined) wire.search(await listening.stop())
  return {
    memory: memory.found,
    disk: disk.found,
    wire: listening === undefined ? NOT_LOOKED : wire.found,
    relayHears: isAlice(forwarded),
    bobHears: isAlice(opened),
  }
}

function isAlice(packets: readonly Uint8Array[]): boolean {
  if (packets.length === 0) return false
  const sound = decoded(packets)
  return (
    sound.samples.length >= SHORTEST * sound.rate && (scores(sound, RECORDINGS).get('alice') ?? 0) >= HEARD
  )
}

/** What a relay says on the ports that are its own, and what a leaky one throws away. */
const portsOf = ({ origin }: RelayProcess) =>
  `tcp port ${new URL(origin).port} or udp portrange ${FIRST_PORT}-${LAST_PORT} or udp port 9`

async function relayOf(node: readonly string[] = []): Promise<RelayProcess> {
  const flags = ['--media-processes', '1', '--media-ports', `${FIRST_PORT}-${LAST_PORT}`]
  const relay = await startRelayProcess(flags, node)
  ends.push(() => relay.close())
  return relay
}

test('a relay has neither secret nor key of the voices that it carries, nor anything that sounds', async () => {
  expect(await call(await relayOf(), true, false)).toEqual({
    memory: [],
    disk: [],
    wire: onWire(),
    relayHears: false,
    bobHears: true,
  })
})

test('it takes no secret from a member who would hand it over', async () => {
  await expect(call(await relayOf(), true, true)).rejects.toMatchObject({
    name: 'NetworkError',
    code: 'refused',
  })
})

test('a leaky relay, which keeps the secret that it was handed, is found out', async () => {
  const leaky = ['--import', new URL('../support/leaky-relay.ts', import.meta.url).href]
  expect(await call(await relayOf(leaky), true, true)).toMatchObject({
    memory: ['secret'],
    disk: ['secret'],
    wire: onWire('secret'),
  })
})

test('what is not sealed is found in the memory of a relay, and heard there', async () => {
  expect(await call(await relayOf(), false, false)).toMatchObject({
    memory: ['speech'],
    relayHears: true,
    bobHears: false,
  })
})
