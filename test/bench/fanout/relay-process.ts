/**
 * A relay's fan-out in a process of its own: its door, with tickets and signed answers, and its media processes. Sessions come over a pipe (`pipe.ts`)
 * instead of a network, and are in a community that is made up: thousands of libp2p connections would measure those.
 */

import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { deviceSigner, makeDeviceKey } from '../../../node/crypto/device-key.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import type { Channel, Network, PeerIdString } from '../../../node/network/network.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { systemRandom } from '../../../node/ports/random.ts'
import { keyBytes, type MemberId } from '../../../protocol/ids.ts'
import { FANOUT_PROTOCOL } from '../../../protocol/wire/fanout.ts'
import { Crew } from '../../../relay/fanout/crew.ts'
import { type Fanout, startFanout } from '../../../relay/fanout/fanout.ts'
import type { RoomGate } from '../../../relay/fanout/gate.ts'
import { Sessions } from '../../../relay/sessions.ts'
import { type FromRelay, PipeChannel, type ToRelay } from './pipe.ts'
import { BIND, Population, ROOM } from './population.ts'

const population = new Population()
const speakers = new Set<MemberId>()
const sessions = new Sessions({ admit() {}, recognise() {}, revoke() {} }, systemClock)
/** What proved who a session is; nobody looks for anybody here. */
const NONE = new Uint8Array()
const streams = new Map<number, PipeChannel>()
type Accept = (peer: PeerIdString, channel: Channel) => void
let accept: Accept = () => {}
let crew: Crew | undefined
let fanout: Fanout | undefined

process.on('message', (message: ToRelay) => void take(message))
process.on('disconnect', () => process.exit())

function tell(message: FromRelay): void {
  process.send?.(message)
}

async function take(message: ToRelay): Promise<void> {
  switch (message.kind) {
    case 'setup':
      return await setUp(message.processes)
    case 'enter': {
      const { peer, member, speaks } = message
      population.add(message)
      if (speaks) speakers.add(member)
      sessions.enter(peer, { kind: 'member', member, until: Number.MAX_SAFE_INTEGER, presence: NONE })
      return
    }
    case 'leave':
      sessions.leave(message.peer)
      population.remove(message.peer)
      return
    case 'stream': {
      const channel = new PipeChannel(message.stream, tell)
      streams.set(message.stream, channel)
      void channel.closed.then(() => streams.delete(message.stream))
      return accept(message.peer, channel)
    }
    case 'message':
      streams.get(message.stream)?.messages.push(message.bytes)
      return
    case 'end':
      streams.get(message.stream)?.ended()
      return
    case 'look':
      tell({
        kind: 'seen',
        seen: {
          pids: crew?.pids ?? [],
          load: crew?.load ?? 0,
          hearing: fanout?.hearing(ROOM) ?? 0,
          heap: Math.round(process.memoryUsage().heapUsed / 1024),
        },
      })
  }
}

async function setUp(processes: number): Promise<void> {
  const relay = deviceSigner(await makeDeviceKey(systemRandom))
  const network = {
    publicKey: keyBytes(relay.publicKey),
    async handleChannel(protocol: string, _options: object, to: Accept) {
      if (protocol === FANOUT_PROTOCOL) accept = to
    },
    async unhandle() {},
  } as unknown as Network
  const gate: RoomGate = {
    mayForward: (_room, member) => (speakers.has(member) ? 'speaker' : 'listener'),
    speaks: () => false,
    isOpen: () => true,
    meet() {},
    async learn() {},
    onChange: () => () => {},
  }
  crew = new Crew({
    processes,
    ports: [],
    bind: BIND,
    announce: [],
    secret: randomBytes(16),
    clock: systemClock,
    report: (where, error) => tell({ kind: 'failed', what: `${where}: ${error}` }),
  })
  fanout = await startFanout({
    network,
    sessions,
    verifier: await platformVerifier(),
    membership: () => population.membership,
    relay,
    gate,
    crew,
    clock: systemClock,
    others: () => [],
    fellows: { has: () => false, linked: () => [], onChange: () => () => {} },
  })
  tell({ kind: 'ready', key: relay.publicKey, peer: peerIdOf(relay.publicKey) })
}
