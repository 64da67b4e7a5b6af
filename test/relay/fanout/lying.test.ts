import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { KnownRelay } from '../../../node/audience/carrier.ts'
import { packetStreamOf } from '../../../node/headless/packet-stream.ts'
import { PacketTrack } from '../../../node/headless/packet-track.ts'
import { play } from '../../../node/headless/player.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { createCarriage, type Inmate } from '../../../node/room/carriage.ts'
import { type KeyText, keyText } from '../../../protocol/ids.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { signerOf } from '../../support/community.ts'
import { opusPackets } from '../../support/ogg-opus.ts'
import { ALICE as RECORDING } from '../../support/recordings/recordings.ts'
import { attach, soundOf } from './attached.ts'
import { connected, createScene, type Guest, ROOM, type Scene, type SceneRelay } from './scene.ts'

vi.setConfig({ testTimeout: 120_000 })

const PATIENCE = 60_000
const SPEECH = 20
const PACKET_MS = 20

const sessionOf = (name: string): KeyText => signerOf(`${name} session`).publicKey
const keyOf = ({ relay }: Pick<SceneRelay, 'relay'>): KeyText => keyText(relay.publicKey)

/** A member tells a recording on and on, at a relay. */
async function speaker(scene: Scene, name: string, at: SceneRelay): Promise<void> {
  const guest = await scene.guest(name, at)
  scene.stage.add(guest.person.member)
  const { link, stands } = attach(scene, guest, name, true, at)
  await stands
  const ending = new AbortController()
  const track = new PacketTrack()
  await link.connection.send(track.asMicrophone().getAudioTracks()[0])
  const packets = opusPackets(RECORDING)
  const telling = (async () => {
    while (!ending.signal.aborted) await play(packets, track, systemClock, ending.signal).catch(() => {})
  })()
  onTestFinished(async () => {
    ending.abort()
    await telling
  })
}

/** The relay has let them in, too. */
function enter(scene: Scene, { network, person }: Guest, { relay, sessions }: SceneRelay): void {
  scene.hub.link(network.peer, relay.peer)
  const presence = new Uint8Array()
  sessions.enter(network.peer, { kind: 'member', member: person.member, until: 2 ** 40, presence })
}

/** Somebody who keeps saying something at a relay in Bob's place. */
async function inHisPlace(scene: Scene, at: SceneRelay, next: () => Uint8Array): Promise<void> {
  const mallory = await scene.guest('Mallory', at)
  scene.stage.add(mallory.person.member)
  const seat = mallory.sit({ speaks: true })
  await seat.until(connected)
  const timer = setInterval(() => seat.link.connection.send(next(), PACKET_MS, SPEECH), PACKET_MS)
  onTestFinished(() => clearInterval(timer))
}

it.each(['nothing', 'what never was a voice', 'what he said before, again and again'] as const)(
  'CARRY-9 a relay brings others, and %s of Bob: who listens there hears him over another one',
  async (what) => {
    const scene = await createScene()
    const liar = await scene.another('a relay that lies', { lies: 'takes-nothing' })
    const honest = await scene.another('an honest relay')
    scene.join(liar, honest)
    await speaker(scene, 'Bob', honest)
    if (what === 'what never was a voice') await inHisPlace(scene, liar, () => randomBytes(80))
    if (what === 'what he said before, again and again') {
      const eve = (await scene.guest('Eve', honest)).sit()
      await eve.until(({ heard }) => heard.length >= 50)
      const said = eve.heard.slice(0, 50).map(({ payload }) => payload)
      let i = 0
      await inHisPlace(scene, liar, () => said[i++ % said.length] as Uint8Array)
    }
    await speaker(scene, 'Carol', liar)

    const alice = await scene.guest('Alice', liar)
    enter(scene, alice, honest)
    const known = (at: SceneRelay, roundTrip: number): KnownRelay => {
      return { peer: at.relay.peer, key: keyOf(at), name: at.name, roundTrip }
    }
    const sound = soundOf(scene, 'Alice')
    const { person, network } = alice
    const carriage = createCarriage({
      room: ROOM,
      me: { member: person.member, device: person.device, peer: sessionOf('Alice') },
      network: Object.assign(network, { hidesAddress: false }),
      connections: sound,
      relays: () => [known(liar, 10), known(honest, 40)],
      meet() {},
      clock: systemClock,
      verifier: createVerifier(),
      membership: scene.membership,
      report: (_where, error) => void scene.failures.push(String(error)),
    })
    onTestFinished(() => carriage.stop())
    const inmate = (name: string, relay: KeyText): Inmate => {
      const said = { seq: 1, here: true, hand: 0, mic: 'open', speak: true, relay } as const
      return { beacon: { r: ROOM, m: person.member, peer: sessionOf(name), ...said }, onStage: true }
    }
    carriage.hold(true)
    carriage.allow(['Bob', 'Carol'].map(sessionOf))
    const audience = Array.from({ length: 7 }, (_, i) => inmate(`listener ${i}`, keyOf(honest)))
    const stage = [inmate('Bob', keyOf(honest)), inmate('Carol', keyOf(liar))]
    carriage.settle('listener', [...stage, ...audience.map((one) => ({ ...one, onStage: false }))], [])

    const isAt = (at: SceneRelay) => carriage.view.value?.relay.key === keyOf(at)
    const hears = (name: string) =>
      carriage.view.value?.slots.some(({ speaker }) => speaker === sessionOf(name)) === true
    await vi.waitUntil(() => isAt(liar) && hears('Carol'), { timeout: PATIENCE })
    await vi.waitUntil(() => isAt(honest) && hears('Bob') && hears('Carol'), { timeout: PATIENCE })
    // Another slot may have his name as well: that in which his old words came.
    let came = 0
    const slots = carriage.view.value?.slots ?? []
    slots.forEach(({ stream }, i) => {
      const isHis = () => carriage.view.value?.slots[i]?.speaker === sessionOf('Bob')
      const hear = ({ milliseconds }: { milliseconds: number }) => (came += isHis() ? milliseconds : 0)
      onTestFinished(packetStreamOf(stream).subscribe(hear))
    })
    await vi.waitUntil(() => came >= 1_000, { timeout: PATIENCE })
    expect(sound.checks.value.get(sessionOf('Bob'))).toBe('verified')
    const refused = [...sound.counts.refused.keys()]
    if (what !== 'nothing') expect(refused).not.toEqual([])
    expect(scene.failures).toEqual([])
  },
)
