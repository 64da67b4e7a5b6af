/** A member with a modified client, in a process of its own: what it sends costs nobody else's processor but by being received. */

import type { PeerIdString } from '../../node/network/network.ts'
import { peerIdOf } from '../../node/network/peer-id.ts'
import { serve } from '../../node/requests.ts'
import { askSite } from '../../node/site-address.ts'
import { open, seal } from '../../protocol/envelope.ts'
import type { CommunityId, RoomId } from '../../protocol/ids.ts'
import { BEACON } from '../../protocol/room/beacon.ts'
import { OPERATION } from '../../protocol/room/operation.ts'
import { HELLO } from '../../protocol/wire/services.ts'
import { roomTopic } from '../../protocol/wire/topics.ts'
import { type Person, personOf, presence } from './community.ts'
import { startLiar } from './liar.ts'
import { PATIENCE } from './node-peer.ts'
import { now } from './raw-client.ts'

/** What a flooder is told, in this order. */
export type Order =
  | {
      readonly do: 'enter'
      readonly origin: string
      readonly community: CommunityId
      /** Member Mallory joined then. */
      readonly at: number
      readonly room: RoomId
      /** So many others are linked to before it answers. */
      readonly others: number
    }
  /** @param operations a second */
  | { readonly do: 'flood'; readonly operations: number; readonly subscriptions: number }

/** What it answers to each. */
export type Answer = { readonly done: Order['do'] } | { readonly failed: string }

/** How often messages are sent, in milliseconds. */
const TICK = 20
/** Whoever is not listened to any more comes back by the front door. Milliseconds. */
const AGAIN = 5_000

let flood: ((order: Extract<Order, { do: 'flood' }>) => void) | undefined

process.on('message', (order: Order) => {
  const failed = (error: unknown) => process.send?.({ failed: String(error) } satisfies Answer)
  carryOut(order).then(() => process.send?.({ done: order.do } satisfies Answer), failed)
})
process.on('disconnect', () => process.exit())

async function carryOut(order: Order): Promise<void> {
  if (order.do === 'enter') flood = await enter(order)
  else flood?.(order)
}

async function enter({ origin, community, at, room, others }: Extract<Order, { do: 'enter' }>) {
  const site = await askSite(new URL(origin), AbortSignal.timeout(PATIENCE))
  const mallory = await personOf(community, 'Mallory', at)
  const { network, session, ask } = await startLiar(site, mallory)
  const topic = roomTopic(community, room)
  const greeting = async () => ({ p: (await presence(mallory, session, now())).bytes })
  await serve(network, HELLO, greeting)

  const met = new Set<PeerIdString>()
  async function meet(peer: PeerIdString): Promise<void> {
    met.add(peer)
    await network.connect(peer, [`/p2p/${site.relay}/p2p-circuit`], AbortSignal.timeout(PATIENCE))
    if (network.peer < peer) await ask(peer, HELLO, await greeting())
  }
  const allThere = new Promise<void>((resolve) => {
    network.subscribe(
      topic,
      () => 'accept',
      (data) => {
        const beacon = open(BEACON, community, data)
        if (!beacon.ok) return
        const peer = peerIdOf(beacon.value.payload.peer)
        if (peer === network.peer || met.has(peer)) return
        meet(peer).then(
          () => {
            if (met.size >= others) resolve()
          },
          () => met.delete(peer),
        )
      },
    )
  })
  const beat = async () => {
    const payload = {
      r: room,
      m: mallory.member,
      peer: session.publicKey,
      seq: Date.now(),
      here: true,
      hand: 0,
      mic: 'none' as const,
      speak: false,
    }
    await network.publish(topic, (await seal(BEACON, community, payload, [mallory.device])).bytes)
  }
  setInterval(beat, 1_000)
  await allThere

  return ({ operations, subscriptions }: Extract<Order, { do: 'flood' }>) => {
    void (async () => {
      const forge = await forgery(mallory, room)
      setInterval(() => {
        for (let i = 0; i < (operations * TICK) / 1000; i++) void network.publish(topic, forge())
      }, TICK)
    })()
    for (let i = 0; i < subscriptions; i++) {
      const other = i.toString(36).padStart(43, '_') as RoomId
      network.subscribe(
        roomTopic(community, other),
        () => 'ignore',
        () => {},
      )
    }
    setInterval(() => {
      for (const peer of [...met]) {
        met.delete(peer)
        void network.disconnect(peer).then(() => meet(peer).catch(() => met.delete(peer)))
      }
      void network.disconnect(site.relay)
    }, AGAIN)
  }
}

/** Operations that look right to the last byte of their signature, no two the same: nothing is as dear to refuse. */
async function forgery({ community, member, device }: Person, room: RoomId): Promise<() => Uint8Array> {
  const payload = { r: room, m: member, n: 0, heads: [], at: now(), k: 'checkpoint' as const }
  const { bytes } = await seal(OPERATION, community, payload, [device])
  return () => {
    const forged = bytes.slice()
    // An envelope ends with S, little-endian: its low half is random, and it stays below the order of the group.
    crypto.getRandomValues(forged.subarray(-32, -16))
    return forged
  }
}
