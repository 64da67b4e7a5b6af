/** From the removal of a listener to the last frame that they can open, and what the new secret costs in a large room. */

import { setTimeout as delay } from 'node:timers/promises'
import { platformAead } from '../../node/crypto/aead.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { sessionSigner } from '../../node/crypto/session-signer.ts'
import type { PeerNetwork } from '../../node/network/network.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { systemRandom } from '../../node/ports/random.ts'
import { createEpochs, type Epochs, type RoomMate } from '../../node/room/epochs.ts'
import { Keyring, type VoiceKeys } from '../../node/voice/keys.ts'
import { Opener } from '../../node/voice/opener.ts'
import { Sealer } from '../../node/voice/sealer.ts'
import type { EpochSecret } from '../../protocol/audio/epoch.ts'
import { FIRST_STREAM } from '../../protocol/audio/voice.ts'
import { seal } from '../../protocol/envelope.ts'
import { type CommunityId, idOf, keyText, type MemberId, type RoomId } from '../../protocol/ids.ts'
import { OPERATION, type Operation } from '../../protocol/room/operation.ts'
import type { RoomState } from '../../protocol/room/state.ts'
import { EPOCH } from '../../protocol/wire/epoch.ts'
import { encodeFrame } from '../../protocol/wire/frame.ts'
import { bytesOf, NOON, personOf } from '../support/community.ts'
import { type EpochScene, epochScene, type Inmate } from '../support/epoch-scene.ts'
import { against, distribution, type Figure, round } from './figure.ts'

/** Rooms in which people are removed at a time. */
const ROOMS = 8
/** Milliseconds: of sound in a packet; how often a session looks again; for a newcomer to hear, and for a removal to have its effect. */
const PACKET = 20
const LOOK = 250
const SETTLED = 1_500
const AFTER = 1_000
/** Key holders of the large room. */
const HOLDERS = 5_000
const ROTATIONS = 3
/** The project's limits: milliseconds, and frames. */
const GOAL = 1_000
const GOAL_LOST = 3

interface Kick {
  /** Milliseconds from the host's call. */
  readonly last: number
  /** Of those who stay, the most frames that one did not hear. */
  readonly lost: number
}

const verifier = await platformVerifier()

export async function* kick(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const kicks: Kick[] = []
  const rooms = Array.from({ length: Math.min(ROOMS, n) }, async (_, i) => {
    const voice = await Voice.begin()
    try {
      for (let k = i; k < n; k += ROOMS) {
        kicks.push(await voice.remove(`Mallory ${k}`))
        if (kicks.length % 20 === 0) note(`${kicks.length} of ${n}`)
      }
    } finally {
      voice.end()
    }
  })
  await Promise.all(rooms)
  const last = distribution(kicks.map((each) => each.last))
  yield {
    metric: 'removal -> last frame that the removed can open',
    unit: 'ms',
    n,
    compared: [against({ limit: 'of the project, for p99' }, GOAL, last.p99)],
    ...last,
  }
  const lost = distribution(kicks.map((each) => each.lost))
  const compared = [against({ limit: 'of the project' }, GOAL_LOST, lost.p99)]
  yield { metric: 'frames that those who stay do not hear', unit: '1', n, compared, ...lost }
  yield* rotation(note)
}

/** Alice's voice in a room of her own, with Bob and Carol, who stay. */
class Voice {
  readonly #scene: EpochScene
  readonly #alice: Inmate
  readonly #sealer: Sealer
  readonly #ears: Ear[]
  readonly #timers: NodeJS.Timeout[]
  #sealed = 0
  #speaking: Promise<unknown> = Promise.resolve()

  private constructor(scene: EpochScene, alice: Inmate, sealer: Sealer) {
    this.#scene = scene
    this.#alice = alice
    this.#sealer = sealer
    this.#ears = []
    this.#timers = [setInterval(() => scene.settle(), LOOK), setInterval(() => this.#speak(), PACKET)]
  }

  static async begin(): Promise<Voice> {
    const scene = await epochScene(systemClock)
    const alice = await scene.enter('Alice')
    const signer = await sessionSigner(bytesOf('Alice session'))
    const sealer = new Sealer({
      voice: { room: scene.room, speaker: alice.key, kind: 'relay', stream: FIRST_STREAM },
      signer,
      aead: platformAead,
      now: () => performance.now(),
      secret: () => alice.keys.speak,
    })
    const voice = new Voice(scene, alice, sealer)
    for (const name of ['Bob', 'Carol']) voice.#listen(await scene.enter(name), false)
    await delay(SETTLED)
    return voice
  }

  /** Somebody comes in, listens, and is removed. */
  async remove(name: string): Promise<Kick> {
    const mallory = await this.#scene.enter(name)
    const ear = this.#listen(mallory, true)
    await delay(SETTLED)
    if (ear.heard.size === 0) throw new Error('who was to be removed had not heard anything')
    const [begun, first] = [performance.now(), this.#sealed]
    await this.#alice.act({ k: 'remove', to: mallory.person.member, why: 'abuse' })
    await delay(AFTER)
    const end = this.#sealed
    // What was sealed is opened by then.
    await this.#speaking
    const frames = Array.from({ length: end - first }, (_, i) => first + i)
    const staying = this.#ears.filter((each) => each !== ear)
    const lost = staying.map(({ heard }) => frames.filter((frame) => !heard.has(frame)).length)
    this.#ears.splice(this.#ears.indexOf(ear), 1)
    mallory.leave()
    return { last: Math.max(0, ear.at - begun), lost: Math.max(...lost) }
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #listen(inmate: Inmate, forgetsNothing: boolean): Ear {
    const ear = new Ear(this.#scene.room, this.#alice, inmate, forgetsNothing)
    this.#ears.push(ear)
    return ear
  }

  /** One packet after the other, and each when it is due. */
  #speak(): void {
    const [number, at] = [this.#sealed, performance.now()]
    this.#sealed += 1
    this.#speaking = this.#speaking.then(async () => {
      // A packet that cannot be sealed is one that nobody hears.
      const frame = await this.#sealer.seal(Uint8Array.of(0xf8, ...systemRandom.bytes(60)))
      if (frame !== undefined) await Promise.all(this.#ears.map((ear) => ear.take(frame, { number, at })))
    })
  }
}

/** When a frame was due to be sealed. */
interface Sealed {
  readonly number: number
  readonly at: number
}

/** One who listens with the keys that they were given; and where they forget none, with all that they ever had. */
class Ear {
  /** When the newest of the frames that opened was sealed. */
  at = 0
  readonly heard = new Set<number>()
  readonly #inmate: Inmate
  readonly #keyring: Keyring
  readonly #opener: Opener<Sealed>
  readonly #forgetsNothing: boolean
  readonly #ever: EpochSecret[] = []
  #keys: VoiceKeys | undefined

  constructor(room: RoomId, speaker: Inmate, inmate: Inmate, forgetsNothing: boolean) {
    this.#inmate = inmate
    this.#forgetsNothing = forgetsNothing
    this.#keyring = new Keyring(room)
    this.#opener = new Opener({
      room,
      kind: 'relay',
      speakers: () => [speaker.key],
      keyring: this.#keyring,
      aead: platformAead,
      verifier,
      now: () => performance.now(),
    })
  }

  async take(frame: Uint8Array, sealed: Sealed): Promise<void> {
    this.#look()
    for (const { frame: each } of await this.#opener.open(sealed, frame)) {
      this.heard.add(each.number)
      this.at = Math.max(this.at, each.at)
    }
  }

  #look(): void {
    const { keys } = this.#inmate
    if (keys === this.#keys) return
    this.#keys = keys
    this.#ever.unshift(...keys.held.filter((secret) => !this.#ever.includes(secret)))
    this.#keyring.set(this.#forgetsNothing ? { held: this.#ever, speak: undefined } : keys)
  }
}

/** A new secret for thousands, of whom one was removed: what its keeper computes and sends. Those who take it are made up, and answer at once. */
async function* rotation(note: (text: string) => void): AsyncGenerator<Figure> {
  note(`${HOLDERS} hold the secret of a room`)
  const scene = await epochScene(systemClock)
  const community = idOf<CommunityId>(bytesOf('community'))
  const host = await personOf(community, 'Alice', NOON)
  const me: RoomMate = { key: keyText(bytesOf('session')), member: scene.log.state.host }
  const mates = Array.from(
    { length: HOLDERS },
    (_, i): RoomMate => ({
      key: keyText(bytesOf(`session ${i}`)),
      member: idOf<MemberId>(bytesOf(`member ${i}`)),
    }),
  )
  const answer = encodeFrame(EPOCH.answer, {})
  let [requests, bytes] = [0, 0]
  let state: RoomState = { ...scene.log.state, epoch: undefined }
  const epochs: Epochs = createEpochs({
    room: scene.room,
    me,
    network: {
      async request(_peer: string, _protocol: string, body: Uint8Array) {
        requests += 1
        bytes += body.length
        return answer
      },
    } as unknown as PeerNetwork,
    random: systemRandom,
    clock: systemClock,
    state: () => state,
    next: () => (state.epoch?.number ?? 0) + 1,
    present: () => mates,
    isGreeted: () => true,
    mayBeHere: (member) => !state.banned.has(member),
    async announce(act) {
      if (act.k !== 'epoch') throw new Error('only an epoch is announced')
      const operation = { r: scene.room, m: me.member, n: 1, heads: [], at: 0, ...act } as Operation
      const envelope = await seal(OPERATION, community, operation, [host.device])
      bytes += envelope.bytes.length
      const { epoch: number, hash, audience } = act
      state = { ...state, epoch: { number, by: me.member, hash, audience } as RoomState['epoch'] }
      epochs.settle()
    },
    use() {},
    report: (_where, error) => {
      throw error
    },
  })
  const told = async (count: number) => {
    while (requests < count) await delay(5)
  }
  const [times, cpus, sizes]: [number[], number[], number[]] = [[], [], []]
  epochs.settle()
  await told(HOLDERS)
  for (let i = 0; i < ROTATIONS; i++) {
    await delay(SETTLED)
    const out = mates.pop() as RoomMate
    mates.unshift({ ...out, key: keyText(bytesOf(`new session ${i}`)) })
    ;[requests, bytes] = [0, 0]
    const [begun, cpu] = [performance.now(), process.cpuUsage()]
    state = { ...state, banned: new Map([[out.member, {} as never]]) }
    epochs.settle()
    await told(HOLDERS - 1)
    times.push(performance.now() - begun)
    const { user, system } = process.cpuUsage(cpu)
    cpus.push((user + system) / 1000)
    sizes.push(bytes / 1000)
    state = { ...state, banned: new Map() }
  }
  epochs.stop()
  const what = `a new secret for ${HOLDERS}`
  yield { metric: `${what}, until it is sent to the last`, unit: 'ms', n: ROTATIONS, ...distribution(times) }
  yield { metric: `${what}, processor time of its keeper`, unit: 'ms', n: ROTATIONS, ...distribution(cpus) }
  yield {
    metric: `${what}, sent by its keeper`,
    unit: 'kB',
    n: ROTATIONS,
    value: round(distribution(sizes).p50),
  }
}
