/** A relay with a voice on its stage and as many listeners as one asks for, for the benchmarks of the fan-out. */

import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import { deviceSigner, makeDeviceKey } from '../../../node/crypto/device-key.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { type HeadlessConnection, headlessAudience } from '../../../node/headless/audience-connections.ts'
import type { Network, PeerIdString } from '../../../node/network/network.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import type { AudienceConnection, AudienceConnections } from '../../../node/ports/audience.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { systemRandom } from '../../../node/ports/random.ts'
import { idOf, keyText, type MemberId } from '../../../protocol/ids.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import type { Ears } from './ears.ts'
import { type FromRelay, PipeChannel, type RelaySeen, type ToRelay } from './pipe.ts'
import { BIND, Population, ROOM } from './population.ts'

const PROGRAM = fileURLToPath(new URL('./relay-process.ts', import.meta.url))

/** A link that did not come to be, and why. */
export class LinkEnded extends Error {
  override readonly name = 'LinkEnded'
  readonly reason: string

  constructor(reason: string) {
    super(`a link ended: ${reason}`)
    this.reason = reason
  }
}

export interface Attached<C extends AudienceConnection> {
  readonly connection: C
  /** The relay ended it, or the road did: why. */
  readonly ended: Promise<string>
  /** Says goodbye. */
  leave(): void
}

/** A listener's place. */
export type Seat = Attached<AudienceConnection>

/** Listeners that are set up at a time, and how long those wait whom the relay has no room for. Milliseconds. */
const TOGETHER = 20
const COME_AGAIN = 250
/** A link that a busy machine did not make in time says one of the last three. */
const COMES_AGAIN: ReadonlySet<string> = new Set(['relay-full', 'no-answer', 'no-road', 'bye'])

export class BenchRelay {
  readonly #child: ChildProcess
  readonly #population = new Population()
  readonly #streams = new Map<number, PipeChannel>()
  readonly #looking: ((seen: RelaySeen) => void)[] = []
  readonly #verifier: Verifier
  readonly #far: Extract<FromRelay, { kind: 'ready' }>
  #stream = 0
  #failed = 0

  private constructor(child: ChildProcess, far: Extract<FromRelay, { kind: 'ready' }>, verifier: Verifier) {
    this.#child = child
    this.#far = far
    this.#verifier = verifier
  }

  /** @param processes for media */
  static async start(processes: number, note: (text: string) => void): Promise<BenchRelay> {
    const child = fork(PROGRAM, [], { serialization: 'advanced', execArgv: [] })
    const ready = Promise.withResolvers<Extract<FromRelay, { kind: 'ready' }>>()
    let relay: BenchRelay | undefined
    child.on('message', (message: FromRelay) => {
      if (message.kind === 'ready') ready.resolve(message)
      else if (message.kind === 'failed') note(message.what)
      else if (relay !== undefined) relay.#take(message)
    })
    child.send({ kind: 'setup', processes } satisfies ToRelay)
    relay = new BenchRelay(child, await ready.promise, await platformVerifier())
    return relay
  }

  /** The process with the door; it holds no voice. */
  get pid(): number {
    return this.#child.pid as number
  }

  /** Tries of listeners that came to nothing although the relay had room. */
  get failed(): number {
    return this.#failed
  }

  look(): Promise<RelaySeen> {
    return new Promise((resolve) => {
      this.#looking.push(resolve)
      this.#tell({ kind: 'look' })
    })
  }

  /** A voice of the stage that can be sent packets of. */
  speaker(): Promise<Attached<HeadlessConnection>> {
    return this.#attach(headlessAudience({ bind: BIND, onPacket() {} }), true)
  }

  /** Resolves when both ends say that the connection stands. Who is told that the relay is full comes again, as an app does. */
  async listener(ears: Ears): Promise<Attached<AudienceConnection>> {
    for (;;) {
      try {
        return await this.#attach(ears.audience(BIND), false)
      } catch (error) {
        if (!(error instanceof LinkEnded) || !COMES_AGAIN.has(error.reason)) throw error
        if (error.reason !== 'relay-full') this.#failed += 1
        await delay(COME_AGAIN)
      }
    }
  }

  /** So many listeners more. @returns them, and how many came in a second */
  async listeners(ears: Ears, count: number): Promise<{ readonly seats: Seat[]; readonly rate: number }> {
    const begun = performance.now()
    const seats: Seat[] = []
    let left = count
    const come = async () => {
      while (left > 0) {
        left -= 1
        seats.push(await this.listener(ears))
      }
    }
    await Promise.all(Array.from({ length: TOGETHER }, come))
    return { seats, rate: count / ((performance.now() - begun) / 1000) }
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }

  async #attach<C extends AudienceConnection>(
    connections: AudienceConnections<C>,
    speaks: boolean,
  ): Promise<Attached<C>> {
    const device = deviceSigner(await makeDeviceKey(systemRandom))
    // Whose key it is, is the network's to prove.
    const key = keyText(randomBytes(32))
    const [peer, member] = [peerIdOf(key), idOf<MemberId>(randomBytes(32))]
    const entering = { peer, member, device: device.publicKey, speaks }
    this.#population.add(entering)
    this.#tell({ kind: 'enter', ...entering })
    const leave = () => {
      this.#population.remove(peer)
      this.#tell({ kind: 'leave', peer })
    }
    const connected = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<string>()
    const link: AudienceLink<C> = new AudienceLink<C>({
      room: ROOM,
      relay: this.#far,
      speaks,
      me: { member, device, peer: key },
      network: this.#network(peer),
      connections,
      clock: systemClock,
      verifier: this.#verifier,
      membership: () => this.#population.membership,
      onChange: () => {
        if (link.connected && link.hearing > 0) connected.resolve()
      },
      onEnd: ({ reason }) => {
        leave()
        ended.resolve(reason)
        connected.reject(new LinkEnded(reason))
      },
    })
    await connected.promise
    return {
      connection: link.connection,
      ended: ended.promise,
      leave() {
        void link.close()
        leave()
      },
    }
  }

  #network(peer: PeerIdString): Pick<Network, 'openChannel'> {
    return {
      openChannel: async () => {
        this.#stream += 1
        const stream = this.#stream
        const channel = new PipeChannel(stream, (message) => this.#tell(message))
        this.#streams.set(stream, channel)
        void channel.closed.then(() => this.#streams.delete(stream))
        this.#tell({ kind: 'stream', stream, peer })
        return channel
      },
    }
  }

  #take(message: Exclude<FromRelay, { kind: 'ready' | 'failed' }>): void {
    switch (message.kind) {
      case 'message':
        this.#streams.get(message.stream)?.messages.push(message.bytes)
        return
      case 'end':
        this.#streams.get(message.stream)?.ended()
        return
      case 'seen':
        this.#looking.shift()?.(message.seen)
    }
  }

  #tell(message: ToRelay): void {
    this.#child.send(message)
  }
}
