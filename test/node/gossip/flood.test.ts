import { afterEach, expect, test, vi } from 'vitest'
import { platformVerifier } from '../../../node/crypto/native.ts'
import type { Judging } from '../../../node/gossip/received.ts'
import { roomValidator } from '../../../node/gossip/room.ts'
import type { Gossip } from '../../../node/network/gossip.ts'
import { MAX_JUDGED_AT_ONCE } from '../../../node/network/limits.ts'
import type { Network, PeerIdString, Validate } from '../../../node/network/network.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { seal } from '../../../protocol/envelope.ts'
import { OPERATION } from '../../../protocol/room/operation.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { roomTopic } from '../../../protocol/wire/topics.ts'
import type { Person } from '../../support/community.ts'
import { PATIENCE } from '../../support/patience.ts'
import { createScene, ROOM } from '../mesh/scene.ts'
import { link, linkDirectly, startPeer, startRelay } from '../network/relayed.ts'

/** Between real peers and a real relay, in a room whose operations are signed by members. */

const OPERATIONS = 1_000
const SUBSCRIPTIONS = 10_000

/** Nothing waits so long unless it fails. */
const PATIENT = { timeout: 15_000 }

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of running.splice(0).reverse()) await thing.stop()
})

/** Alice, Bob and Mallory in a room, each linked to the others and to the relay; what is verified is counted. */
async function room() {
  const scene = await createScene()
  const people = await Promise.all(
    ['Alice', 'Bob', 'Mallory'].map(async (name) => (await scene.session(name)).person),
  )
  const [alice, , mallory] = people as [Person, Person, Person]
  const native = await platformVerifier()
  const topic = roomTopic(scene.membership().community, ROOM)

  function judge() {
    const counts = { verified: 0 }
    const verifier: Verifier = {
      verify(...signed) {
        counts.verified += 1
        return native.verify(...signed)
      },
    }
    const judging: Judging = { verifier, membership: scene.membership }
    const heard = new Set<string>()
    const validate = roomValidator(judging, ROOM, systemClock, (message) => {
      if (message.kind === 'operation') heard.add(message.signed.id)
      return true
    })
    return { counts, heard, validate }
  }

  const atRelay = judge()
  const relay = await startRelay({ validatorFor: () => atRelay.validate })
  running.push(relay)
  const join = async () => {
    const network = await startPeer(relay)
    running.push(network)
    return network
  }
  const [hers, his, foe] = [await join(), await join(), await join()]
  const [atAlice, atBob] = [judge(), judge()]
  hers.subscribe(topic, atAlice.validate, () => {})
  his.subscribe(topic, atBob.validate, () => {})
  foe.subscribe(
    topic,
    () => 'accept',
    () => {},
  )
  await Promise.all([linkDirectly(hers, his), linkDirectly(hers, foe), linkDirectly(his, foe)])
  for (const network of [hers, his, foe])
    await vi.waitFor(() => expect(network.subscribers(topic)).toHaveLength(3), PATIENT)

  let said = 0
  const operation = async (person: Person) => {
    const payload = { r: ROOM, m: person.member, n: said++, heads: [], at: 0, k: 'checkpoint' as const }
    return seal(OPERATION, person.community, payload, [person.device])
  }
  /** Alice says something, and Bob hears it: by gossip, for nothing else runs here. */
  const honestyFlows = async () => {
    const { id, bytes } = await operation(alice)
    await hers.publish(topic, bytes)
    await vi.waitFor(() => expect(atBob.heard).toContain(id), PATIENT)
  }
  await honestyFlows()
  return { relay, topic, mallory, hers, his, foe, atRelay, atBob, operation, honestyFlows }
}

/** What the peer's gossip knows of others. */
function gossipOf(network: Network): Gossip {
  return (network as Network & { readonly gossip: Gossip }).gossip
}

/** Resolves when each of these has silenced the peer at some time: that passes within seconds, and one may begin when the other is done. */
async function areToSilence(peer: Network, ...those: readonly Network[]): Promise<void> {
  await Promise.all(
    those.map((network) =>
      vi.waitFor(() => expect(gossipOf(network).isSilenced(peer.peer)).toBe(true), PATIENCE),
    ),
  )
}

test('TOPIC-4 invalid operations: a few are verified, their sender is silenced, and nobody else is', async () => {
  const { relay, topic, mallory, hers, his, foe, atRelay, atBob, operation, honestyFlows } = await room()
  const before = [atRelay, atBob].map(({ counts }) => counts.verified)
  const { bytes } = await operation(mallory)
  const silenced = areToSilence(foe, his, relay.network)
  for (let i = 0; i < OPERATIONS; i++) {
    const forged = bytes.slice()
    crypto.getRandomValues(forged.subarray(-32, -16))
    await foe.publish(topic, forged)
    if (i % 200 === 0) await honestyFlows()
  }
  await silenced
  for (let i = 0; i < 5; i++) await honestyFlows()
  // Eight to silence, and those that were being judged then; beside Alice's.
  for (const [i, { counts }] of [atRelay, atBob].entries())
    expect(counts.verified - (before[i] as number)).toBeLessThanOrEqual(10 + 8 + 4)
  for (const { peer } of [hers, his]) expect(gossipOf(relay.network).isSilenced(peer)).toBe(false)
  expect(gossipOf(his).isSilenced(hers.peer)).toBe(false)
  expect(gossipOf(his).isSilenced(relay.network.peer)).toBe(false)
  // It is still linked: who is silenced has lost their gossip, not their voice.
  expect(his.connections()).toContainEqual({ peer: foe.peer, direct: true })
})

test('TOPIC-4 subscriptions: so many are remembered, and then their sender is forgotten', async () => {
  const { relay, hers, his, foe, honestyFlows } = await room()
  const topics = Array.from({ length: SUBSCRIPTIONS }, (_, i) => `flood/${i}`)
  const silenced = areToSilence(foe, his, relay.network)
  for (const topic of topics) {
    foe.subscribe(
      topic,
      () => 'ignore',
      () => {},
    )
  }
  await silenced
  await honestyFlows()
  await vi.waitFor(() => {
    for (const network of [his, hers, relay.network])
      expect(topics.filter((topic) => network.subscribers(topic).length > 0)).toEqual([])
  }, PATIENT)
  expect(gossipOf(relay.network).isSilenced(hers.peer)).toBe(false)
})

test('TOPIC-4 what somebody who floods brings first is heard from the next who brings it', async () => {
  const relay = await startRelay({ validatorFor: () => undefined })
  running.push(relay)
  const [hers, his, foe] = [await startPeer(relay), await startPeer(relay), await startPeer(relay)]
  running.push(hers, his, foe)
  const topic = 'flood/first'
  const isJunk = (data: Uint8Array) => data[0] === 0
  let held = 0
  const { promise: verified, resolve: release } = Promise.withResolvers<void>()
  const heard: { readonly word: number | undefined; readonly from: PeerIdString }[] = []
  const nothing = () => {}
  hers.subscribe(topic, (_from, data) => (isJunk(data) ? 'ignore' : 'accept'), nothing)
  const judge: Validate = async (from, data) => {
    if (!isJunk(data)) heard.push({ word: data[0], from })
    else {
      held += 1
      await verified
    }
    return 'ignore' as const
  }
  his.subscribe(topic, judge, nothing)
  foe.subscribe(topic, () => 'ignore', nothing)
  await Promise.all([link(hers, his), link(hers, foe), link(his, foe)])
  for (const network of [hers, his, foe])
    await vi.waitFor(() => expect(network.subscribers(topic)).toHaveLength(2), PATIENT)

  for (let i = 0; i < MAX_JUDGED_AT_ONCE; i++) await foe.publish(topic, Uint8Array.of(0, i))
  await vi.waitFor(() => expect(held).toBe(MAX_JUDGED_AT_ONCE), PATIENT)
  // To Alice as well, who carries it on.
  await foe.publish(topic, Uint8Array.of(1))
  await vi.waitFor(() => expect(heard).toEqual([{ word: 1, from: hers.peer }]), PATIENT)
  release()
  // His turns are free again, and what waited in them was known by then.
  await foe.publish(topic, Uint8Array.of(2))
  await vi.waitFor(() => expect(heard.map(({ word }) => word)).toEqual([1, 2]), PATIENT)
})
