/** How quickly the operations of a room go from peer to peer, signed and verified, and how they spread among many. */

import { performance as eventLoop } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type GossipSub, type GossipSubComponents, gossipsub, StrictSign } from '@chainsafe/libp2p-gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { concatBytes } from '@noble/hashes/utils.js'
import { createLibp2p } from 'libp2p'
import { platformVerifier } from '../../node/crypto/native.ts'
import { nodeVerifiers } from '../../node/crypto/verifiers.ts'
import { type Judging, readAll } from '../../node/gossip/received.ts'
import { roomValidator } from '../../node/gossip/room.ts'
import { readRoomMessage } from '../../node/gossip/room-message.ts'
import { verdictOf } from '../../node/gossip/verdict.ts'
import { gossipService } from '../../node/network/gossip.ts'
import { Libp2pNetwork, type NetworkNode } from '../../node/network/libp2p-network.ts'
import type { Validate, Verdict } from '../../node/network/network.ts'
import { Reputation } from '../../node/network/reputation.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { systemRandom } from '../../node/ports/random.ts'
import { serve } from '../../node/requests.ts'
import { createAgreement } from '../../node/room/agreement.ts'
import { createRoomLog, type RoomLog } from '../../node/room/log.ts'
import { answerSync, pullRoom } from '../../node/room/sync.ts'
import { uint64 } from '../../protocol/bytes.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { OperationId, RoomId } from '../../protocol/ids.ts'
import { MAX_HEADS } from '../../protocol/limits.ts'
import { countOfActs } from '../../protocol/room/bundle.ts'
import { nextOfDevice } from '../../protocol/room/history.ts'
import { ROOM, type Room } from '../../protocol/room/opening.ts'
import {
  type Act,
  type FurtherAct,
  MAX_ACTS,
  OPERATION,
  type SignedOperation,
} from '../../protocol/room/operation.ts'
import { MAX_OPERATIONS_AN_ANSWER, SYNC } from '../../protocol/wire/services.ts'
import { roomTopic } from '../../protocol/wire/topics.ts'
import { nativeSigner } from '../../relay/log-keys.ts'
import { withMember } from '../node/mesh/scene.ts'
import { foundCommunity, NOON, type Person, personOf, signerOf } from '../support/community.ts'
import { against, distribution, type Figure, round } from './figure.ts'

/** Operations of one measurement between two: what a late joiner of a long evening catches up with. */
const OPERATIONS = 3_000
/** The same by gossip: what a peer lets another send at once, with some room. */
const GOSSIPED = 1_000
/** Acts that are signed together: what a device may do in a room (OP-5), so that there is something to measure. */
const TOGETHER_IN_ALL = 16_000
/** Messages on their way to a peer that judges: it drops those beyond 512. */
const UNDER_WAY = 64
/** Measurements of each way that are not counted: the engine compiles until then, in threads that would be counted too. */
const WARMING = 5
/** Links that each of many peers makes. */
const LINKS = 4
/** So many peers in one process, and messages a second: what a lively room says, or no more than one process can be so many peers for. */
const MANY = [
  { count: 30, rates: [1, 4, 10] },
  { count: 200, rates: [0.5, 1] },
] as const
/** Two hundred peers in one process take their time to find together, and so much comes to two. Milliseconds. */
const SLOWEST = 60_000
/** What had not arrived by then did not arrive. Milliseconds. */
const PATIENCE = 5_000

/** @param n measurements between two; twelve times as many messages at each rate among many */
export async function* gossip(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const stage = await setStage()
  const rates = {
    caughtUp: [] as number[],
    gossiped: [] as number[],
    caughtUpTogether: [] as number[],
    gossipedTogether: [] as number[],
    signatures: [] as number[],
    strict: [] as number[],
  }
  for (let i = -WARMING; i < n; i++) {
    const caughtUp = await betweenTwo(stage, OPERATIONS, 1, catchUp)
    const gossiped = await betweenTwo(stage, GOSSIPED, 1, gossipEach)
    const caughtUpTogether = await betweenTwo(stage, TOGETHER_IN_ALL, MAX_ACTS, catchUp)
    const gossipedTogether = await betweenTwo(stage, TOGETHER_IN_ALL, MAX_ACTS, gossipEach)
    const signatures = await signaturesAlone(stage)
    const strict = await withStrictSign(stage)
    note(
      `${i + 1}/${n} ${JSON.stringify({ caughtUp, gossiped, caughtUpTogether, gossipedTogether, signatures, strict })}`,
    )
    if (i < 0) continue
    rates.caughtUp.push(caughtUp)
    rates.gossiped.push(gossiped)
    rates.caughtUpTogether.push(caughtUpTogether)
    rates.gossipedTogether.push(gossipedTogether)
    rates.signatures.push(signatures)
    rates.strict.push(strict)
  }
  const peer = distribution(rates.strict, 'more')
  for (const [metric, values] of [
    ['operations signed, sent to another peer by catching up, verified and resolved', rates.caughtUp],
    [
      'operations signed, sent to another peer by gossip, one message each, verified and resolved',
      rates.gossiped,
    ],
    [
      `operations signed ${MAX_ACTS} together, sent to another peer by catching up, verified and resolved`,
      rates.caughtUpTogether,
    ],
    [
      `operations signed ${MAX_ACTS} together, sent to another peer by gossip, one message for ${MAX_ACTS}, verified and resolved`,
      rates.gossipedTogether,
    ],
    ['signatures made and verified, and nothing else', rates.signatures],
  ] as const) {
    const own = distribution(values, 'more')
    yield {
      metric: `${metric}, for each second of processor time`,
      unit: '1/s',
      n,
      ...own,
      compared: [
        against(
          {
            peer: 'gossipsub with StrictSign: as many random bytes, signed, sent and verified, and nothing done with',
          },
          peer.p50,
          own.p50,
        ),
      ],
    }
  }
  for (const { count, rates } of MANY) {
    for await (const spread of amongMany(stage, count, rates, 12 * n, note)) {
      const at = `${spread.rate} a second, ${count} peers in one process`
      const { messages, waits } = spread
      yield {
        metric: `operation -> at each peer: ${at}`,
        unit: 'ms',
        n: waits.length,
        ...distribution(waits),
      }
      for (const [metric, value] of [
        ['copies of a message beyond the first, at each peer', spread.duplicates],
        ['share of messages that reached each peer by gossip', spread.delivered],
        ['share of the time in which that process was busy', spread.busy],
      ] as const)
        yield { metric: `${metric}: ${at}`, unit: '1', n: messages, value: round(value) }
      yield {
        metric: `processor time for a message at each peer: ${at}`,
        unit: 'ms',
        n: messages,
        value: round(spread.work),
      }
    }
  }
}

interface Scene {
  readonly judging: Judging
  readonly alice: Person
  readonly opening: Envelope<Room>
  readonly room: RoomId
}

/** Alice, who signs with Node's own Ed25519, as gossipsub does here, and her room. */
async function setStage(): Promise<Scene> {
  const { founder, entries } = await foundCommunity(signerOf('log').publicKey)
  const begun = await beginLedger(await platformVerifier(), entries[0] as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  const device = nativeSigner(systemRandom.bytes(32))
  const alice = await personOf(founder.community, 'Alice', NOON, { device })
  const membership = withMember(begun.value, alice)
  const { verifier } = await nodeVerifiers()
  const judging = { verifier, membership: () => membership }
  const payload: Room = {
    m: alice.member,
    title: 'A room',
    topics: [],
    lang: 'en',
    vis: 'members',
    hands: 'everybody',
    nonce: systemRandom.bytes(16),
    at: NOON,
  }
  const opening = await seal(ROOM, alice.community, payload, [device])
  return { judging, alice, opening, room: opening.id as RoomId }
}

type Pubsub = (components: GossipSubComponents) => GossipSub

/** A started node that listens on loopback, and nothing else of Palabre. */
async function startNode(pubsub: Pubsub): Promise<NetworkNode> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: {
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: 1_000,
      dialTimeout: SLOWEST,
      inboundUpgradeTimeout: SLOWEST,
    },
    services: { identify: identify(), pubsub },
  })
}

function networkOf(node: NetworkNode, reputation: Reputation): Libp2pNetwork {
  return new Libp2pNetwork(node, {
    reputation,
    report: (where, error) => console.error(where, error),
    countsAtOnce: () => true,
    serves: () => true,
  })
}

async function startOurs(): Promise<{ node: NetworkNode; network: Libp2pNetwork }> {
  const now = () => performance.now()
  const reputation = new Reputation(now)
  const node = await startNode(gossipService(reputation, now, 16))
  return { node, network: networkOf(node, reputation) }
}

/** Milliseconds of this process, all threads together: what others do on the machine does not count. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Waits until the gossip of both is linked both ways: before that the link is still being made, and what is said goes nowhere. */
async function areLinked(topic: string, nodes: readonly NetworkNode[]): Promise<void> {
  const meshes = nodes.map(({ services }) => services.pubsub as unknown as Meshes)
  await until(() => meshes.every((pubsub) => pubsub.getMeshPeers(topic).length > 0))
}

/** What the type of gossipsub leaves out. */
interface Meshes {
  getMeshPeers(topic: string): readonly string[]
}

async function until(isThere: () => boolean): Promise<void> {
  for (const end = performance.now() + SLOWEST; !isThere(); await delay(1))
    if (performance.now() > end) throw new Error('it takes too long')
}

interface Two {
  readonly hers: Libp2pNetwork
  readonly his: Libp2pNetwork
  /** What each of them has of the room. */
  readonly log: RoomLog
  readonly copy: RoomLog
}

/** Readies the two, and says how Bob judges gossip, and what happens when Alice has made one more operation, and when she has made the last. */
type Way = (
  scene: Scene,
  two: Two,
) => Promise<{ judge: Validate; each(signed: SignedOperation): unknown; last(): Promise<unknown> }>

/** Alice signs operations, each after the one before, that all reach Bob. @param together how many with one signature @returns operations a second */
async function betweenTwo(scene: Scene, operations: number, together: number, way: Way): Promise<number> {
  const { alice, opening, room } = scene
  const [hers, his] = [await startOurs(), await startOurs()]
  try {
    const [log, copy] = [createRoomLog(opening), createRoomLog(opening)]
    await his.node.dial(hers.node.getMultiaddrs())
    const { judge, each, last } = await way(scene, { hers: hers.network, his: his.network, log, copy })
    const topic = roomTopic(alice.community, room)
    his.network.subscribe(topic, judge, () => {})
    hers.network.subscribe(topic, judge, () => {})
    await areLinked(topic, [hers.node, his.node])
    const began = processorTime()
    for (let i = 0; i < operations; i += together) {
      const also = Array.from({ length: together - 1 }, (_, j) => actOf(i + 1 + j) as FurtherAct)
      const payload = {
        r: room,
        m: alice.member,
        n: nextOfDevice(log.history, alice.device.publicKey),
        heads: log.history.heads.slice(0, MAX_HEADS),
        at: NOON,
        ...actOf(i),
        ...(also.length > 0 && { also }),
      }
      const envelope = await seal(OPERATION, alice.community, payload, [alice.device])
      const id = envelope.id as OperationId
      const signed = { id, device: alice.device.publicKey, operation: payload, envelope }
      log.add(signed)
      await each(signed)
    }
    await last()
    const took = processorTime() - began
    if (copy.history.size !== operations) throw new Error(`${copy.history.size} operations arrived`)
    return (operations * 1000) / took
  } finally {
    await hers.network.stop()
    await his.network.stop()
  }
}

/** Bob, who has none of them, asks for them afterwards. */
const catchUp: Way = async ({ judging, room }, { hers, his, log, copy }) => {
  const agreement = createAgreement(log)
  await serve(hers, SYNC, async (_from, request) => answerSync(log, agreement, [], request))
  const take = async (messages: readonly Uint8Array[]) => {
    const read = await readAll(judging, messages, (bytes) => readRoomMessage(judging, room, bytes))
    copy.addAll(read.flatMap((one) => (one.ok && one.value.kind === 'operation' ? one.value.signed : [])))
  }
  const told = () => {}
  return {
    judge: (): Verdict => 'ignore',
    each: () => {},
    last: () => pullRoom(his, hers.peer, room, copy, take, told, AbortSignal.timeout(60_000)),
  }
}

/** Each is published at once, and judged as what gossip brings is, but for how much one member may say. */
const gossipEach: Way = async ({ judging, alice, room }, { hers, log, copy }) => {
  const topic = roomTopic(alice.community, room)
  return {
    judge: async (_from, data) => {
      const read = await readRoomMessage(judging, room, data)
      if (!read.ok) return verdictOf(read.reason)
      return read.value.kind === 'operation' && copy.add(read.value.signed) === 'new' ? 'accept' : 'ignore'
    },
    each: async ({ envelope, operation }) => {
      await hers.publish(topic, envelope.bytes)
      await until(() => log.history.size - copy.history.size < UNDER_WAY * countOfActs(operation))
    },
    last: () => until(() => log.history.size === copy.history.size),
  }
}

/** What is left of catching up when all but its signatures is free. */
async function signaturesAlone({ judging, alice, opening }: Scene): Promise<number> {
  const { publicKey } = alice.device
  const began = processorTime()
  const signed: { readonly message: Uint8Array; readonly signature: Uint8Array }[] = []
  for (let i = 0; i < OPERATIONS; i++) {
    const message = concatBytes(uint64(i), opening.payloadBytes)
    signed.push({ message, signature: await alice.device.sign(message) })
  }
  for (let from = 0; from < OPERATIONS; from += MAX_OPERATIONS_AN_ANSWER) {
    const some = signed.slice(from, from + MAX_OPERATIONS_AN_ANSWER)
    const verdicts = await Promise.all(
      some.map(({ signature, message }) => judging.verifier.verify(signature, message, publicKey)),
    )
    if (!verdicts.every(({ ok }) => ok)) throw new Error('a signature is wrong')
  }
  return (OPERATIONS * 1000) / (processorTime() - began)
}

function actOf(i: number): Act {
  return { k: 'set', title: `Title ${i}` }
}

/** The same number of messages of the same size, as gossipsub signs and verifies them by itself. */
async function withStrictSign({ alice, room }: Scene): Promise<number> {
  const pubsub = gossipsub({ globalSignaturePolicy: StrictSign, allowPublishToZeroTopicPeers: false })
  const [hers, his] = [await startNode(pubsub), await startNode(pubsub)]
  try {
    const topic = roomTopic(alice.community, room)
    let arrived = 0
    his.services.pubsub.addEventListener('message', () => {
      arrived += 1
    })
    for (const node of [hers, his]) node.services.pubsub.subscribe(topic)
    await his.dial(hers.getMultiaddrs())
    await areLinked(topic, [hers, his])
    const payload = { r: room, m: alice.member, n: 0, heads: [], at: NOON, ...actOf(0) }
    const { length } = (await seal(OPERATION, alice.community, payload, [alice.device])).bytes
    const began = processorTime()
    for (let i = 0; i < OPERATIONS; i++) await hers.services.pubsub.publish(topic, systemRandom.bytes(length))
    await until(() => arrived === OPERATIONS)
    return (OPERATIONS * 1000) / (processorTime() - began)
  } finally {
    await hers.stop()
    await his.stop()
  }
}

interface Spread {
  /** Messages a second. */
  readonly rate: number
  readonly messages: number
  /** Milliseconds, of each message to each peer but the one that said it. */
  readonly waits: readonly number[]
  readonly duplicates: number
  readonly delivered: number
  readonly busy: number
  /** Milliseconds of processor time for each message at each peer, beyond what peers need while nothing is said. */
  readonly work: number
}

/** Peers that are each linked with some, and one after the other says something signed that all of them verify. */
async function* amongMany(
  { judging: { membership }, alice, room }: Scene,
  count: number,
  rates: readonly number[],
  messages: number,
  note: (text: string) => void,
): AsyncGenerator<Spread> {
  const topic = roomTopic(alice.community, room)
  // Each for itself, as in a process of its own: not all of them in one batch.
  const judging = { verifier: await platformVerifier(), membership }
  const said = new Map<string, number>()
  let waits: number[] = []
  let copies = 0
  let counting = false
  const peers: { node: NetworkNode; network: Libp2pNetwork }[] = []
  try {
    for (let i = 0; i < count; i++) {
      const peer = await startOurs()
      peers.push(peer)
      onCopies(peer.node.services.pubsub, (more) => {
        if (counting) copies += more
      })
      const validate = roomValidator(judging, room, systemClock, (message) => {
        const at = message.kind === 'operation' ? said.get(message.signed.id) : undefined
        if (at !== undefined) waits.push(performance.now() - at)
        return true
      })
      peer.network.subscribe(topic, validate, () => {})
      const others = Array.from({ length: Math.min(i, LINKS) }, () => peers[Math.floor(Math.random() * i)])
      for (const other of new Set(others)) await peer.node.dial((other as typeof peer).node.getMultiaddrs())
    }
    note(`${count} peers are linked`)
    // Some heartbeats: meshes form.
    await delay(PATIENCE)
    const [quiet, silent] = [performance.now(), processorTime()]
    await delay(PATIENCE)
    const idle = (processorTime() - silent) / (performance.now() - quiet)
    note(`${count} peers take ${round(idle)} of a processor while nothing is said`)
    counting = true
    let n = 0
    for (const rate of rates) {
      waits = []
      copies = 0
      const before = eventLoop.eventLoopUtilization()
      const [began, spent] = [performance.now(), processorTime()]
      for (let i = 0; i < messages; i++, n++) {
        const payload = { r: room, m: alice.member, n, heads: [], at: NOON, ...actOf(n) }
        const { id, bytes } = await seal(OPERATION, alice.community, payload, [alice.device])
        said.set(id, performance.now())
        await (peers[i % count] as (typeof peers)[0]).network.publish(topic, bytes)
        await delay(Math.max(0, began + ((i + 1) * 1000) / rate - performance.now()))
      }
      const busy = eventLoop.eventLoopUtilization(before).utilization
      await delay(PATIENCE)
      const due = messages * (count - 1)
      const delivered = waits.length / due
      const took = processorTime() - spent - idle * (performance.now() - began)
      const work = took / (messages * count)
      yield { rate, messages, waits, duplicates: copies / due - 1, delivered, busy, work }
    }
  } finally {
    for (const { network } of peers) await network.stop()
  }
}

/** Counts messages as they arrive, before anything is known of them. */
function onCopies(pubsub: GossipSub, count: (copies: number) => void): void {
  const steps = pubsub as unknown as {
    handleReceivedRpc(peer: unknown, rpc: { readonly messages: readonly unknown[] }): Promise<void>
  }
  const handle = steps.handleReceivedRpc
  steps.handleReceivedRpc = (peer, rpc) => {
    count(rpc.messages.length)
    return handle.call(pubsub, peer, rpc)
  }
}
